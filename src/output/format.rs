//! The file formats of answers: exact values, the same bytes whatever terminal looks on.

use std::io::{self, Write};

use std::path::Path;

use polars::prelude::{AnyValue, Column, DataFrame, IpcWriter, ParquetWriter, SerWriter};

use super::cell;
use super::color::Depth;
use super::table::{self, Layout};
use super::width::{single_line, width};

/// A table in a file: nothing cut, nothing left out.
const WHOLE: Layout = Layout {
    width: None,
    rows: None,
    ascii: false,
    depth: Depth::Never,
};

/// How answers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A box for reading, with pictures.
    #[default]
    Table,
    /// One field per line, for wide rows, with pictures.
    Line,
    /// Comma-separated values (RFC 4180), line feeds.
    Csv,
    /// Tab-separated values; tabs and line breaks in cells escaped.
    Tsv,
    /// An array of objects.
    Json,
    /// One object per line.
    Ndjson,
    /// A table for a Markdown page.
    Markdown,
    /// A Parquet file: for other programs, never for a terminal.
    Parquet,
    /// An Arrow IPC file, as above.
    Arrow,
}

impl Format {
    /// Every format, in the order of listings.
    pub const ALL: [Self; 9] = [
        Self::Table,
        Self::Line,
        Self::Csv,
        Self::Tsv,
        Self::Json,
        Self::Ndjson,
        Self::Markdown,
        Self::Parquet,
        Self::Arrow,
    ];

    /// The word for it in queries and flags.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Line => "line",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Markdown => "markdown",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
        }
    }

    /// The format that a file's extension names.
    ///
    /// # Errors
    /// One sentence with the extensions there are.
    pub fn of_file(path: &Path) -> Result<Self, String> {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        Ok(match extension.to_lowercase().as_str() {
            "csv" => Self::Csv,
            "tsv" => Self::Tsv,
            "json" => Self::Json,
            "ndjson" | "jsonl" => Self::Ndjson,
            "md" => Self::Markdown,
            "txt" => Self::Table,
            "parquet" => Self::Parquet,
            "arrow" | "ipc" => Self::Arrow,
            _ => {
                return Err(
                    "the extension decides: csv, tsv, json, ndjson, md, txt, parquet or arrow"
                        .to_owned(),
                );
            }
        })
    }

    /// Whether it is a file of one table, no text that can be read or put after another.
    #[must_use]
    pub fn is_binary(self) -> bool {
        matches!(self, Self::Parquet | Self::Arrow)
    }

    /// The format called `word`.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|format| format.word().eq_ignore_ascii_case(word))
    }

    /// Whether a person reads it: titles and pictures belong to it.
    #[must_use]
    pub fn is_for_people(self) -> bool {
        matches!(self, Self::Table | Self::Line)
    }
}

/// Writes all of `frame`, whatever terminal there may be.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(frame: &DataFrame, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Table if frame.width() == 0 => Ok(()),
        Format::Table => out.write_all(table::draw(frame, WHOLE).text.as_bytes()),
        Format::Line => lines(frame, out),
        Format::Csv => delimited(frame, ",", csv_field, out),
        Format::Tsv => delimited(frame, "\t", tsv_field, out),
        Format::Json => json_array(frame, out),
        Format::Ndjson => {
            for row in 0..frame.height() {
                json_object(frame, row, out)?;
                writeln!(out)?;
            }
            Ok(())
        }
        Format::Markdown => markdown(frame, out),
        Format::Parquet => {
            let written = ParquetWriter::new(out).finish(&mut frame.clone());
            written.map(|_| ()).map_err(io_error)
        }
        Format::Arrow => IpcWriter::new(out)
            .finish(&mut frame.clone())
            .map_err(io_error),
    }
}

/// What the disk said, if it was the disk.
fn io_error(error: polars::prelude::PolarsError) -> io::Error {
    match error {
        polars::prelude::PolarsError::IO { error, .. } => io::Error::from(error.kind()),
        other => io::Error::other(other.to_string()),
    }
}

fn value(column: &Column, row: usize) -> AnyValue<'_> {
    column.get(row).unwrap_or(AnyValue::Null)
}

fn lines(frame: &DataFrame, out: &mut dyn Write) -> io::Result<()> {
    let names: Vec<String> = frame
        .columns()
        .iter()
        .map(|column| single_line(column.name()))
        .collect();
    let widest = names.iter().map(|name| width(name)).max().unwrap_or(0);
    for row in 0..frame.height() {
        if row > 0 {
            writeln!(out)?;
        }
        for (column, name) in frame.columns().iter().zip(&names) {
            let indent = " ".repeat(widest - width(name));
            let text = cell::exact(&value(column, row)).unwrap_or_default();
            let line = format!("{indent}{name} = {}", single_line(&text));
            writeln!(out, "{}", line.trim_end())?;
        }
    }
    Ok(())
}

fn delimited(
    frame: &DataFrame,
    delimiter: &str,
    field: fn(Option<String>) -> String,
    out: &mut dyn Write,
) -> io::Result<()> {
    if frame.width() == 0 {
        return Ok(());
    }
    let header: Vec<String> = frame
        .columns()
        .iter()
        .map(|column| field(Some(column.name().to_string())))
        .collect();
    writeln!(out, "{}", header.join(delimiter))?;
    for row in 0..frame.height() {
        let fields: Vec<String> = frame
            .columns()
            .iter()
            .map(|column| field(cell::exact(&value(column, row))))
            .collect();
        writeln!(out, "{}", fields.join(delimiter))?;
    }
    Ok(())
}

/// Null is nothing at all, the empty text is `""`: readers that care can tell them apart.
fn csv_field(text: Option<String>) -> String {
    match text {
        None => String::new(),
        Some(text) if text.is_empty() || text.contains([',', '"', '\n', '\r']) => {
            format!("\"{}\"", text.replace('"', "\"\""))
        }
        Some(text) => text,
    }
}

fn tsv_field(text: Option<String>) -> String {
    let Some(text) = text else {
        return String::new();
    };
    text.replace('\\', "\\\\")
        .replace('\t', "\\t")
        .replace('\n', "\\n")
        .replace('\r', "\\r")
}

fn json_array(frame: &DataFrame, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "[")?;
    for row in 0..frame.height() {
        write!(out, "{}", if row > 0 { ",\n " } else { "" })?;
        json_object(frame, row, out)?;
    }
    writeln!(out, "]")
}

/// Written by hand so that the keys keep the order of the columns.
fn json_object(frame: &DataFrame, row: usize, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{{")?;
    for (at, column) in frame.columns().iter().enumerate() {
        let key = serde_json::Value::from(column.name().as_str());
        let comma = if at > 0 { "," } else { "" };
        write!(out, "{comma}{key}:{}", cell::json(&value(column, row)))?;
    }
    write!(out, "}}")
}

fn markdown(frame: &DataFrame, out: &mut dyn Write) -> io::Result<()> {
    if frame.width() == 0 {
        return Ok(());
    }
    let escape = |text: &str| single_line(text).replace('\\', "\\\\").replace('|', "\\|");
    let row_of = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let columns = frame.columns();
    let names = columns.iter().map(|c| escape(c.name())).collect();
    writeln!(out, "{}", row_of(names))?;
    let rules = columns.iter().map(|c| {
        let number = c.dtype().is_primitive_numeric();
        (if number { "---:" } else { "---" }).to_owned()
    });
    writeln!(out, "{}", row_of(rules.collect()))?;
    for row in 0..frame.height() {
        let cells = columns
            .iter()
            .map(|c| escape(&cell::short(&value(c, row)).unwrap_or_default()));
        writeln!(out, "{}", row_of(cells.collect()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::{NamedFrom, Series};

    fn frame() -> DataFrame {
        let scores = [Some(0.1f32), None];
        let lists = [
            Series::new("".into(), [1.5f32, 2.0]),
            Series::new("".into(), [0.0f32, 1.0]),
        ];
        DataFrame::new_infer_height(vec![
            Series::new("name".into(), ["a, \"b\"\tc|d\\", ""]).into(),
            Series::new("n".into(), [1i64, -2]).into(),
            Series::new("score".into(), scores).into(),
            Series::new("axis".into(), lists).into(),
        ])
        .unwrap()
    }

    fn text(format: Format) -> String {
        let mut out = Vec::new();
        write(&frame(), format, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn csv_quotes_as_rfc_4180_says() {
        assert_eq!(
            text(Format::Csv),
            "name,n,score,axis\n\"a, \"\"b\"\"\tc|d\\\",1,0.1,\"[1.5,2.0]\"\n\"\",-2,,\"[0.0,1.0]\"\n"
        );
    }

    #[test]
    fn tsv_has_as_many_tabs_in_every_line() {
        let text = text(Format::Tsv);
        assert!(text.lines().all(|line| line.matches('\t').count() == 3));
        assert!(text.contains("a, \"b\"\\tc|d\\\\\t1\t0.1"));
    }

    #[test]
    fn json_is_an_array_of_objects_in_column_order() {
        let text = text(Format::Json);
        let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(parsed[0]["name"], "a, \"b\"\tc|d\\");
        assert_eq!(parsed[0]["axis"], serde_json::json!([1.5, 2.0]));
        assert_eq!(parsed[1]["score"], serde_json::Value::Null);
        assert!(text.contains("\"n\":-2,\"score\":null,\"axis\":"));
    }

    #[test]
    fn ndjson_has_the_same_objects_one_per_line() {
        let whole: serde_json::Value = serde_json::from_str(&text(Format::Json)).unwrap();
        let lines: Vec<serde_json::Value> = text(Format::Ndjson)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(whole, serde_json::Value::from(lines));
    }

    #[test]
    fn markdown_escapes_bars_and_aligns_numbers() {
        let text = text(Format::Markdown);
        let expected = "| name | n | score | axis |\n| --- | ---: | ---: | --- |\n\
                        | a, \"b\" c\\|d\\\\ | 1 | 0.1000 | [1.500, 2] |\n";
        assert!(text.starts_with(expected), "{text}");
    }

    #[test]
    fn line_puts_the_names_flush_right() {
        let text = text(Format::Line);
        assert!(text.contains("    n = 1\nscore = 0.1\n axis = [1.5,2.0]\n\n name ="));
    }

    #[test]
    fn an_empty_frame_is_an_empty_array_in_json_and_nothing_elsewhere() {
        for format in Format::ALL {
            assert_eq!(Format::named(format.word()), Some(format));
            if format.is_binary() {
                continue;
            }
            let mut out = Vec::new();
            write(&DataFrame::empty(), format, &mut out).unwrap();
            let expected: &[u8] = if format == Format::Json { b"[]\n" } else { b"" };
            assert_eq!(out, expected, "{format:?}");
        }
    }

    #[test]
    fn binary_formats_hold_the_very_table() {
        use polars::prelude::{IpcReader, ParquetReader, SerReader};
        let bytes = |format| {
            let mut out = Vec::new();
            write(&frame(), format, &mut out).unwrap();
            io::Cursor::new(out)
        };
        let parquet = ParquetReader::new(bytes(Format::Parquet)).finish().unwrap();
        assert!(parquet.equals_missing(&frame()));
        let arrow = IpcReader::new(bytes(Format::Arrow)).finish().unwrap();
        assert!(arrow.equals_missing(&frame()));
    }

    #[test]
    fn an_extension_names_its_format() {
        let of = |name: &str| Format::of_file(Path::new(name));
        assert_eq!(of("a.b/c.PARQUET"), Ok(Format::Parquet));
        assert_eq!(of("x.jsonl"), Ok(Format::Ndjson));
        assert!(of("x").unwrap_err().contains("ndjson"));
    }
}
