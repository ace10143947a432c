use std::path::Path;

use rusqlite::{Connection, OpenFlags, types::Value};

/// The server's file, looked at from outside.
pub(crate) struct Database(Connection);

impl Database {
    pub(crate) fn open(path: &Path) -> Self {
        let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY;
        Self(Connection::open_with_flags(path, read_only).expect("the server has made its file"))
    }

    /// Every row of every table, but for what is still to be done: that is
    /// struck out in the background, some time after it was done.
    pub(crate) fn dump(&self) -> Vec<(String, Vec<Vec<Value>>)> {
        let names = "SELECT name FROM sqlite_schema WHERE type = 'table' \
                     AND name <> 'call_effects' ORDER BY name";
        let tables: Vec<String> = self
            .rows(names)
            .into_iter()
            .map(|row| text(&row[0]))
            .collect();
        let whole = |table: String| {
            let rows = self.rows(&format!("SELECT * FROM \"{table}\""));
            (table, rows)
        };
        tables.into_iter().map(whole).collect()
    }

    fn rows(&self, query: &str) -> Vec<Vec<Value>> {
        let mut statement = self.0.prepare(query).expect("a query of ours");
        let columns = statement.column_count();
        let rows = statement
            .query_map([], |row| {
                (0..columns).map(|column| row.get(column)).collect()
            })
            .expect("the file can be read");
        rows.collect::<Result<_, _>>()
            .expect("every row can be read")
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => panic!("a name, not {other:?}"),
    }
}
