//! Tables as etcd's tools draw them with `-w table`: ASCII borders, centred headings, cells to the right.

/// A whole table.
pub(super) fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(String::len);
        cells.chain(headings.get(column).map(|it| it.len())).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let rule: String = widths.iter().map(|width| format!("+{}", "-".repeat(width + 2))).collect();
    let mut text = format!("{rule}+\n");
    for (heading, &width) in headings.iter().zip(&widths) {
        let left = (width - heading.len()) / 2;
        text.push_str(&format!(
            "| {}{heading}{} ",
            " ".repeat(left),
            " ".repeat(width - heading.len() - left)
        ));
    }
    text.push_str(&format!("|\n{rule}+\n"));
    for row in rows {
        for (cell, &width) in row.iter().zip(&widths) {
            text.push_str(&format!("| {cell:>width$} "));
        }
        text.push_str("|\n");
    }
    text + &rule + "+\n"
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn looks_as_recorded() {
        let row = vec!["127.0.0.1:2379".to_owned(), "true".into(), "5.905199ms".into(), String::new()];
        let want = "\
+----------------+--------+------------+-------+
|    ENDPOINT    | HEALTH |    TOOK    | ERROR |
+----------------+--------+------------+-------+
| 127.0.0.1:2379 |   true | 5.905199ms |       |
+----------------+--------+------------+-------+
";
        assert_eq!(table(&["ENDPOINT", "HEALTH", "TOOK", "ERROR"], &[row]), want);
    }
}
