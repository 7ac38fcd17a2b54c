//! Frames outside a terminal.

use std::fs;
use std::path::Path;

#[test]
fn a_frame_has_no_more_cells_for_more_lines() {
    let cells = |lines| uncordon::bench::Screen::with_lines(lines).frame();
    assert_eq!(cells(10), cells(10_000));
}

/// `UNCORDON_PICTURE=write cargo test --test it readme` draws it anew.
#[test]
fn the_picture_of_the_readme_is_a_frame_of_today() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/screen.svg");
    let drawn = uncordon::bench::picture().unwrap();
    if std::env::var("UNCORDON_PICTURE").is_ok_and(|it| it == "write") {
        fs::write(&file, &drawn).unwrap();
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), drawn, "assets/screen.svg is of another day");
}
