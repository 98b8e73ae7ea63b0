//! Tables: columns that line up, without lines between them.

use comfy_table::{ContentArrangement, Table, presets};

use super::one_line;

/// A table with these headings; rows are never wrapped or cut, so that what is copied from it is whole. Each has one line.
pub(crate) fn table(headings: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(headings.iter().map(|heading| heading.to_uppercase()));
    for row in rows {
        table.add_row(row.iter().map(|cell| one_line(cell)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_line_up() {
        let rows = [vec!["dh-web".to_owned(), "1.0".to_owned()], vec!["x".to_owned(), "2".to_owned()]];
        assert_eq!(table(&["package", "version"], rows), "PACKAGE  VERSION\ndh-web   1.0\nx        2");
    }

    #[test]
    fn a_cell_makes_no_row_of_its_own() {
        assert_eq!(table(&["file"], [vec!["a.deb\nb.deb".to_owned()]]), "FILE\na.deb\\nb.deb");
    }
}
