"""What page, chat, command line and REST do with style packs: prepare, train, improve, import, export, use by name."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errors import BadRequest, NotFound
from jobs.pack_captions import Captioner, Describe
from jobs.pack_import import MAX_LORA_MB as MAX_LORA_MB
from jobs.pack_import import MEGABYTE
from jobs.pack_runs import write_run
from jobs.store import JobStore
from jobs.training import KIND
from jobs.types import JobView, TaskSpec
from library.library import Library
from library.style_packs import PackView, StylePacks, check_name, fold
from pipelines.device import free_memory, guess_device
from pipelines.request import StylePackUse
from pipelines.sources import locate
from pipelines.training.settings import MAX_IMAGES, Estimate, Machine, TrainingSettings, choose, estimate
from settings import Settings

if TYPE_CHECKING:
    from library.views import AssetView
    from pipelines.engine import ImageEngine
    from pipelines.training.pictures import Picture, PictureSet

MAX_PRIOR = 100
PREFERENCE = 0.5  # weight of the pairs beside the usual loss
PAIRS_TAKE = 2.0  # times as long as without: both sides of a pair, with and without the adapter
_TRIGGER = re.compile(r"[^\w-]+")


@dataclass(frozen=True)
class Prepared:
    """Everything about a training before it starts; `sentence` tells the user what it will take."""

    name: str
    trigger: str
    found: PictureSet
    settings: TrainingSettings
    estimate: Estimate
    improves: int | None = None  # id of the pack that gets a new version
    rejected: tuple[Picture, ...] = ()  # what it shall get away from

    @property
    def sentence(self) -> str:
        count = len(self.found.pictures)
        verb = "Training a new version of" if self.improves is not None else "Training"
        text = (
            f"{verb} {self.name} on {count} images ({self.settings.preset}) takes about {_time(self.estimate.seconds)}."
        )
        away = f"It also learns from {len(self.rejected)} rejected images." if self.rejected else ""
        return " ".join(part for part in (text, away, self.estimate.warning, *self.found.notes()) if part)


@dataclass(frozen=True)
class TrainingOptions:
    """What somebody may want who knows what it is."""

    text_encoders: bool = False  # adapt them, too; SDXL only
    prior_images: int = 0  # pictures by the base that are trained on as well (prior preservation)


class PackDesk:
    """One per process."""

    def __init__(
        self,
        settings: Settings,
        jobs: JobStore,
        library: Library,
        packs: StylePacks,
        engine: ImageEngine,
        describe: Describe | None = None,
    ) -> None:
        """`describe`: an image-to-text model that captions pictures whose names tell nothing."""
        self.settings, self.jobs, self.library, self.packs, self.engine = settings, jobs, library, packs, engine
        self.runs = settings.home / "training"
        self.captioner = Captioner(describe) if describe is not None else None

    # Training

    def prepare(
        self,
        project: str,
        name: str,
        files: Sequence[Path],
        *,
        preset: str = "balanced",
        trigger: str | None = None,
        captions: dict[str, str] | None = None,
        names: dict[str, str] | None = None,
        cut_sheets: bool = False,
        improves: PackView | None = None,
        options: TrainingOptions | None = None,
    ) -> Prepared:
        """Look at name and images, choose settings, estimate. Nothing is stored.

        Raises:
            BadRequest: the name, the preset or an option is no good, or there are too few or too many images.
            NotReady: the image model is missing.
        """
        from pipelines.training.pictures import check_count, read_pictures

        check_name(name)
        self._check_free(project, name, improves)
        if len(files) > 3 * MAX_IMAGES:
            raise BadRequest(f"{len(files)} images are too many: a style pack learns from 3 to {MAX_IMAGES}.")
        limit = self.settings.max_upload_mb * MEGABYTE
        found = read_pictures(
            files,
            captions=captions,
            cut_sheets=cut_sheets,
            max_pixels=self.settings.max_image_pixels,
            max_bytes=limit,
            names=names,
            describe=self.captioner,
        )
        check_count(found)
        if self.captioner is not None and (trouble := self.captioner.take_trouble()):
            found.refused.append(trouble)
        machine = self._machine()
        settings = choose(preset, len(found.pictures), machine)
        if options is not None:
            settings = self._with_options(settings, options)
        word = (trigger or "").strip() or (improves.trigger if improves else default_trigger(name))
        return Prepared(
            name.strip(), word[:80], found, settings, estimate(settings, machine), improves.id if improves else None
        )

    def submit(self, project: str, prepared: Prepared, conversation_id: int | None = None) -> JobView:
        """Queue the training. Raises ResourceError (disk or queue full) and BadRequest (name taken meanwhile)."""
        run = uuid.uuid4().hex
        write_run(self.runs, run, prepared, self.settings)
        title = f"Style pack {prepared.name}"
        count = len(prepared.found.pictures)
        with self.jobs.transaction() as session:
            if prepared.improves is not None:
                pack_id = self.packs.get_in(session, prepared.improves).id
            else:
                pack_id = self.packs.reserve(session, project, prepared.name, prepared.trigger)
            task = TaskSpec(f"{prepared.name}: {count} images", {"run": run, "pack_id": pack_id})
            spec = {"seconds_per_task": prepared.estimate.seconds, "pack_id": pack_id, "run": run}
            return self.jobs.add(session, project, KIND, title, [task], spec=spec, conversation_id=conversation_id)

    def improve(
        self,
        project: str,
        pack: PackView,
        *,
        preset: str = "balanced",
        extra: Sequence[Path] = (),
        extra_names: dict[str, str] | None = None,
        against_rejected: bool = False,
    ) -> Prepared:
        """The next version: the references of the version in use, and `extra` images or what the user approved.

        Approved images that were made with the pack count, or, when there are none, all of the project's. The same
        goes for the rejected ones, which `against_rejected` makes the losing side of Diffusion-DPO.

        Raises:
            BadRequest: nothing is approved (or rejected, where that is asked for), or there are too few pictures.
        """
        approved = [] if extra else self.library.assets(project=project, state="approved", limit=MAX_IMAGES)
        own = [asset for asset in approved if asset.style_pack == pack.name] or approved
        lost = self.library.assets(project=project, state="rejected", limit=MAX_IMAGES) if against_rejected else []
        lost = [asset for asset in lost if asset.style_pack == pack.name] or lost
        if against_rejected and not lost:
            raise BadRequest(f"Nothing is rejected yet. Reject images that {pack.name} should get away from.")
        if not own and not extra:
            raise BadRequest(
                f"Nothing is approved yet. Approve images that look as {pack.name} should, then improve it."
            )
        version = pack.version
        references = version.files.get("references", []) if version else []
        files, captions, names = list(extra), {}, dict(extra_names or {})
        for reference in references:
            files.append(self.packs.pictures.path(reference["sha256"]))
            names[str(files[-1])] = reference["name"]
            captions[reference["name"]] = reference["caption"]
        for asset in own[: MAX_IMAGES - len(files)]:
            files.append(self.library.version_path(asset.version))
            names[str(files[-1])] = f"approved {asset.id}"
            captions[f"approved {asset.id}"] = asset.subject
        prepared = self.prepare(project, pack.name, files, preset=preset, captions=captions, names=names, improves=pack)
        return self._against(prepared, lost) if lost else prepared

    def progress(self, job_id: int) -> dict[str, Any]:
        """How a training went so far: {"steps": [...], "samples": [...], "phase", "references", "settings", "name"}.

        Raises NotFound when the job is no training, or its files are gone.
        """
        from pipelines.training.progress import read_progress
        from pipelines.training.run import RunSpec

        folder = self.run_folder(job_id)
        spec = RunSpec.read(folder)
        out: dict[str, Any] = {
            "name": spec.name,
            "trigger": spec.trigger,
            "settings": spec.settings.to_dict(),
            "references": [{"file": file, "name": name, "caption": caption} for file, name, caption in spec.pictures],
            "phase": "Waiting",
            "steps": [],
            "samples": [],
        }
        for entry in read_progress(folder):
            if entry["kind"] == "step":
                out["steps"].append(
                    {key: entry[key] for key in ("step", "loss", "lr", "images_per_second", "seconds_left")}
                )
            elif entry["kind"] == "sample":
                out["samples"].append({key: entry[key] for key in ("step", "files", "prompts", "seed")})
            elif entry["kind"] == "phase":
                out["phase"] = entry["text"]
        return out

    def run_folder(self, job_id: int) -> Path:
        tasks = self.jobs.payloads(job_id)
        run = next((payload["run"] for payload in tasks if "run" in payload), None)
        if run is None:
            raise NotFound(f"Job {job_id} trains no style pack.")
        return self.runs / run

    def run_picture(self, job_id: int, name: str) -> Path:
        """A sample or reference of a run. Raises NotFound."""
        folder = self.run_folder(job_id)
        if re.fullmatch(r"[\w.-]+\.png", name):
            for place in ("samples", "pictures"):
                if (folder / place / name).is_file():
                    return folder / place / name
        raise NotFound("There is no such sample.")

    def active(self, project: str) -> dict[int, int]:
        """Pack id -> job id of trainings that wait or run."""
        out = {}
        for job in self.jobs.list(project=project, active=True, limit=500):
            if job.kind == KIND:
                for payload in self.jobs.payloads(job.id):
                    out[int(payload["pack_id"])] = job.id
        return out

    # Using

    def uses(self, project: str, names: Sequence[str], weights: Sequence[float] = ()) -> tuple[StylePackUse, ...]:
        """What a request needs of packs that somebody named; the version in use is pinned. Raises NotFound."""
        out = []
        for place, name in enumerate(names):
            pack = self.packs.find(project, name)
            version = pack.version
            assert version is not None  # `find` gives ready ones only
            weight = weights[place] if place < len(weights) else 1.0
            out.append(StylePackUse(pack.name, weight, version.lora))
        return tuple(out)

    def check_usable(self, project: str, names: Sequence[str]) -> None:
        """Raises NotFound, and UserFixable with the reason when a pack was made for another base model."""
        from pipelines.lora_file import check_base, read_facts

        source = locate(self.settings.image_model)
        config = source.configs.get("unet")
        for use in self.uses(project, names):
            facts = read_facts(self.packs.lora_path(use.sha256), use.pack)
            if config is not None:
                check_base(facts, config, use.pack, source.name)

    def find_file(self, use: StylePackUse) -> Path:
        """The engine's `PackFinder`."""
        if not use.sha256:
            raise NotFound(f"There is no style pack named {use.pack}. Leave it out, or make it first.")
        try:
            return self.packs.lora_path(use.sha256)
        except NotFound as error:
            raise NotFound(f"The file of the style pack {use.pack} is gone. Train or import it again.") from error

    # In and out

    def import_lora(self, project: str, path: Path, name: str | None = None, trigger: str | None = None) -> PackView:
        """See `jobs.pack_import.import_lora`."""
        from jobs.pack_import import import_lora

        source = locate(self.settings.image_model)
        return import_lora(
            self.jobs, self.packs, source, lambda wanted: self._check_free(project, wanted, None), project, path, name,
            trigger,
        )  # fmt: skip

    def export(self, pack_id: int, number: int | None = None) -> tuple[str, bytes]:
        """(file name, zip) of a version: the LoRA in both key namings, references, metrics, how to use it.

        Raises NotFound.
        """
        from jobs.pack_zip import export_zip

        pack = self.packs.get(pack_id)
        version = pack.version if number is None else next((v for v in pack.versions if v.number == number), None)
        if version is None:
            raise NotFound(f"The style pack {pack.name} has no version {number or 'yet'}.")
        return export_zip(self.packs, pack, version, self.runs)

    # Inside

    def _against(self, prepared: Prepared, lost: Sequence[AssetView]) -> Prepared:
        from pipelines.training.pictures import Picture
        from pipelines.uploads import open_image

        pictures = tuple(
            Picture(f"rejected {asset.id}", open_image(self.library.version_path(asset.version)), asset.subject)
            for asset in lost
        )
        settings = replace(prepared.settings, preference_weight=PREFERENCE)
        longer = replace(prepared.estimate, seconds=prepared.estimate.seconds * PAIRS_TAKE)
        return replace(prepared, rejected=pictures, settings=settings, estimate=longer)

    def _with_options(self, settings: TrainingSettings, options: TrainingOptions) -> TrainingSettings:
        source = locate(self.settings.image_model)
        if options.text_encoders and "card" in source.configs and "text_encoder_2" not in source.configs:
            raise BadRequest(f"{source.name} has no text encoders to train. Leave that option out.")
        if not 0 <= options.prior_images <= MAX_PRIOR:
            raise BadRequest(f"Prior preservation takes 0 to {MAX_PRIOR} images.")
        return replace(settings, text_encoders=options.text_encoders, prior_images=options.prior_images)

    def _machine(self) -> Machine:
        info, source = self.engine.info(), locate(self.settings.image_model)
        return Machine(
            device=info.device.split(":")[0],
            free_bytes=free_memory(guess_device(self.settings.device)),
            small=info.small,
            native_size=info.native_size,
            starts_from_pictures=source.start_strength is not None,
            pack_strength=source.pack_strength,
        )

    def _check_free(self, project: str, name: str, improves: PackView | None) -> None:
        same = self.packs.named(project, name)
        if same is None or (improves is not None and same.id == improves.id and same.id not in self.active(project)):
            return
        if same.id in self.active(project):
            raise BadRequest(f"{same.name} is being trained right now. Wait for it, or stop that job first.")
        if same.current is not None:
            raise BadRequest(
                f'There is a style pack named {same.name} already. Choose another name, or say "improve {same.name}".'
            )


def default_trigger(name: str) -> str:
    """ "Dust Bowl" -> "dust-bowl style"."""
    return f"{_TRIGGER.sub('-', fold(name)).strip('-')} style"


def with_captions(prepared: Prepared, captions: dict[str, str]) -> Prepared:
    """The same with captions that the user has edited, by picture name."""
    pictures = [
        replace(picture, caption=" ".join(captions.get(picture.name, picture.caption).split())[:200] or picture.caption)
        for picture in prepared.found.pictures
    ]
    return replace(prepared, found=replace(prepared.found, pictures=pictures))


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{round(seconds)} s"
    minutes = seconds / 60
    if minutes < 90:
        return f"{max(2, round(minutes))} minutes"
    return f"{minutes / 60:.0f} hours" if minutes < 48 * 60 else f"{minutes / 60 / 24:.0f} days"
