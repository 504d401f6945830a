"""Which files an engine's systems consist of. The first column says who needs the file; None: every scaffold does."""

from __future__ import annotations

from scaffolds.content import ITEM_SYSTEMS

Row = tuple[frozenset[str] | None, tuple[str, str]]


def _rows(*rows: tuple[str, str, str]) -> tuple[Row, ...]:
    groups = {"always": None, "items": frozenset(ITEM_SYSTEMS)}
    return tuple(
        (groups.get(needs, frozenset(needs.split())), (name, template or name.rsplit("/", 1)[-1]))
        for needs, name, template in rows
    )


LAYOUTS: dict[str, tuple[Row, ...]] = {
    "godot": _rows(
        ("items", "scripts/item_catalog.gd", ""),
        ("inventory", "scripts/inventory.gd", ""),
        ("pickups", "scripts/pickup.gd", ""),
        ("shop", "scripts/wallet.gd", ""),
        ("shop", "scripts/shop.gd", ""),
        ("crafting", "scripts/crafting.gd", ""),
        ("movement", "scripts/player.gd", ""),
        ("health", "scripts/health.gd", ""),
        ("health", "scripts/hitbox.gd", ""),
        ("ai", "scripts/enemy.gd", ""),
        ("spawner", "scripts/wave_spawner.gd", ""),
        ("dialogue", "scripts/dialogue_lines.gd", ""),
        ("dialogue", "scripts/dialogue.gd", ""),
        ("quests", "scripts/quest_log.gd", ""),
        ("daynight", "scripts/day_night.gd", ""),
        ("camera", "scripts/follow_camera.gd", ""),
        ("saveload", "scripts/save_game.gd", ""),
        ("menu", "scripts/pause_menu.gd", ""),
        ("always", "scripts/game.gd", ""),
    ),
    "pygame": _rows(
        ("always", "events.py", ""),
        ("items", "items.py", ""),
        ("inventory", "inventory.py", ""),
        ("pickups", "pickups.py", ""),
        ("shop", "shop.py", ""),
        ("crafting", "crafting.py", ""),
        ("movement", "movement.py", ""),
        ("health", "health.py", ""),
        ("ai", "enemy.py", ""),
        ("spawner", "spawner.py", ""),
        ("dialogue", "dialogue.py", ""),
        ("quests", "quests.py", ""),
        ("daynight", "daynight.py", ""),
        ("camera", "camera.py", ""),
        ("saveload", "savegame.py", ""),
        ("menu", "menu.py", ""),
        ("always", "main.py", ""),
    ),
    "phaser": _rows(
        ("always", "package.json", ""),
        ("always", "tsconfig.json", ""),
        ("always", "index.html", ""),
        ("always", "src/signal.ts", ""),
        ("atlas", "src/assets.ts", ""),
        ("items", "src/items.ts", ""),
        ("inventory", "src/inventory.ts", ""),
        ("pickups", "src/pickups.ts", ""),
        ("shop", "src/shop.ts", ""),
        ("crafting", "src/crafting.ts", ""),
        ("movement", "src/player.ts", ""),
        ("health", "src/health.ts", ""),
        ("ai", "src/enemy.ts", ""),
        ("spawner", "src/spawner.ts", ""),
        ("dialogue", "src/dialogue.ts", ""),
        ("quests", "src/quests.ts", ""),
        ("daynight", "src/day-night.ts", ""),
        ("camera", "src/follow-camera.ts", ""),
        ("saveload", "src/save-game.ts", ""),
        ("menu", "src/pause-menu.ts", ""),
        ("always", "src/game-scene.ts", ""),
        ("always", "src/main.ts", ""),
    ),
    "unity": _rows(
        ("inventory pickups shop crafting dialogue quests", "Assets/Scripts/IsExternalInit.cs", ""),
        ("items", "Assets/Scripts/ItemCatalog.cs", ""),
        ("inventory", "Assets/Scripts/Inventory.cs", ""),
        ("pickups", "Assets/Scripts/Pickup.cs", ""),
        ("shop", "Assets/Scripts/Wallet.cs", ""),
        ("shop", "Assets/Scripts/Shop.cs", ""),
        ("crafting", "Assets/Scripts/Crafting.cs", ""),
        ("movement", "Assets/Scripts/Player.cs", ""),
        ("health", "Assets/Scripts/Health.cs", ""),
        ("health", "Assets/Scripts/DamageOnTouch.cs", ""),
        ("ai", "Assets/Scripts/Enemy.cs", ""),
        ("spawner", "Assets/Scripts/WaveSpawner.cs", ""),
        ("dialogue", "Assets/Scripts/Dialogue.cs", ""),
        ("quests", "Assets/Scripts/QuestLog.cs", ""),
        ("daynight", "Assets/Scripts/DayNight.cs", ""),
        ("camera", "Assets/Scripts/FollowCamera.cs", ""),
        ("saveload", "Assets/Scripts/SaveGame.cs", ""),
        ("menu", "Assets/Scripts/PauseMenu.cs", ""),
        ("always", "Assets/Scripts/GameRoot.cs", ""),
    ),
    "generic": _rows(
        ("items", "items.txt", ""),
        ("inventory", "inventory.txt", ""),
        ("pickups", "pickups.txt", ""),
        ("shop", "shop.txt", ""),
        ("crafting", "crafting.txt", ""),
        ("movement", "movement.txt", ""),
        ("health", "health.txt", ""),
        ("ai", "ai.txt", ""),
        ("spawner", "spawner.txt", ""),
        ("dialogue", "dialogue.txt", ""),
        ("quests", "quests.txt", ""),
        ("daynight", "daynight.txt", ""),
        ("camera", "camera.txt", ""),
        ("saveload", "saveload.txt", ""),
        ("menu", "menu.txt", ""),
        ("always", "game.txt", ""),
    ),
}
