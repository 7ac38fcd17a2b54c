//! Frames outside a terminal.

#[test]
fn a_frame_has_no_more_cells_for_more_lines() {
    let cells = |lines| uncordon::bench::Screen::with_lines(lines).frame();
    assert_eq!(cells(10), cells(10_000));
}
