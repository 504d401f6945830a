"""The Bevy scaffold's inventory and crafting under rustc, beside a stand-in for what they name of Bevy."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.scaffolds.studio import make
from tests.scaffolds.test_reading import GDD

DERIVES = """
extern crate proc_macro;
use proc_macro::TokenStream;
#[proc_macro_derive(Component)]
pub fn component(_: TokenStream) -> TokenStream { TokenStream::new() }
"""
BEVY = "pub mod prelude { pub use derives::Component; }"
MAIN = """
#![allow(dead_code, unused_imports)]
mod items;
mod inventory;
mod crafting;
use inventory::{Inventory, SLOTS, Stack};
fn main() {
    assert_eq!((SLOTS, items::find_item("eel_jerky").unwrap().max_stack), (4, 12));
    let mut bag = Inventory::default();
    assert_eq!(bag.add("eel_jerky", 15), 0);
    let amounts = |bag: &Inventory| bag.slots().iter().map(|s| s.as_ref().map_or(0, |s| s.amount)).collect::<Vec<_>>();
    assert_eq!(amounts(&bag), [12, 3, 0, 0]);
    assert_eq!(bag.add("marsh_lantern", 3), 1);
    assert_eq!(bag.add("no_such_item", 2), 2);
    assert!(!bag.remove("eel_jerky", 16) && bag.count("eel_jerky") == 15);
    assert!(bag.remove("eel_jerky", 4));
    assert_eq!(amounts(&bag), [11, 0, 1, 1]);
    bag.move_stack(0, 1);
    bag.move_stack(1, 2);
    bag.move_stack(9, 0);
    assert_eq!(amounts(&bag), [0, 1, 11, 1]);
    let recipe = &crafting::RECIPES[0];
    let mut full = Inventory::with_slots(1);
    assert!(!crafting::craft(&mut full, recipe));
    for (id, amount) in recipe.needs { bag.add(id, *amount); }
    println!("fine");
}
"""


def test_inventory_of_the_documents(tmp_path: Path) -> None:
    rustc = shutil.which("rustc")
    if rustc is None or subprocess.run([rustc, "--version"], capture_output=True).returncode:
        pytest.skip("no rustc that works on this machine")
    kept = make(tmp_path, "inventory with 4 slots and crafting from the GDD", "bevy", GDD)
    folder = kept.folder / "src"
    for name, text in (("derives.rs", DERIVES), ("bevy.rs", BEVY), ("check.rs", MAIN)):
        (folder / name).write_text(text)
    common = [rustc, "--edition=2024", "-L", "."]
    steps = (
        [*common, "--crate-type=proc-macro", "derives.rs"],
        [*common, "--crate-type=lib", "--extern", "derives", "bevy.rs"],
        [*common, "-D", "warnings", "--extern", "bevy", "check.rs", "-o", "check"],
    )
    for step in steps:
        ran = subprocess.run(step, cwd=folder, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
    assert subprocess.run([folder / "check"], capture_output=True, text=True, check=True).stdout.strip() == "fine"
