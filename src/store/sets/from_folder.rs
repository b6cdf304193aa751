//! A folder as an image set: the images in it and its subfolders, labelled by subfolder or by a csv.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use polars::prelude::*;

use super::columns::without_reserved;
use super::set_writer::{Batch, SetWriter, Source};
use super::table_file::{ROW_GROUP, open};
use crate::files::paths::has_extension;
use crate::store::disk::{self, file_name};
use crate::store::error::StoreError;
use crate::store::pixels::{self, FileKind, kind_of};
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

/// Extensions of images that are read, whatever is in them; other files are looked into.
const EXTENSIONS: [&str; 12] = [
    "png", "apng", "jpg", "jpeg", "jpe", "jfif", "webp", "bmp", "dib", "gif", "tif", "tiff",
];

/// Columns of a csv that may hold file names, in order of preference.
const FILE_COLUMNS: [&str; 6] = ["file_name", "filename", "file", "path", "image", "name"];

/// The images of a folder and their columns, before any image is read.
pub(super) struct Plan {
    root: PathBuf,
    /// Relative to the root, with forward slashes, sorted.
    paths: Vec<String>,
    columns: Vec<Column>,
    pub notes: Vec<String>,
}

impl Plan {
    pub fn len(&self) -> usize {
        self.paths.len()
    }
}

/// Finds the images of a folder and their labels.
pub(super) fn plan(root: &Path, labels: Option<&Path>) -> Result<Plan, StoreError> {
    let (mut paths, mut others) = (Vec::new(), Vec::new());
    walk(root, "", &mut paths, &mut others)?;
    let note = left_out_note(root, labels, &others);
    if paths.is_empty() {
        others.truncate(3);
        return Err(StoreError::NoImages {
            path: root.to_owned(),
            found: others,
        });
    }
    paths.sort();
    let mut plan = Plan {
        columns: folder_labels(&paths).into_iter().collect(),
        root: root.to_owned(),
        paths,
        notes: note.into_iter().collect(),
    };
    if let Some(labels) = labels {
        join(&mut plan, labels)?;
    }
    Ok(plan)
}

/// Hidden files and folders are left out, as are files that are no images by name or content.
fn walk(
    dir: &Path,
    prefix: &str,
    images: &mut Vec<String>,
    others: &mut Vec<String>,
) -> Result<(), StoreError> {
    for path in disk::list(dir)? {
        let name = file_name(&path);
        if name.starts_with('.') {
            continue;
        }
        let relative = format!("{prefix}{name}");
        if path.is_dir() {
            walk(&path, &format!("{relative}/"), images, others)?;
        } else if has_extension(&path, &EXTENSIONS) || kind(&path).is_some_and(FileKind::is_read) {
            images.push(relative);
        } else {
            others.push(relative);
        }
    }
    Ok(())
}

/// A file's kind by its first bytes.
fn kind(path: &Path) -> Option<FileKind> {
    let mut head = Vec::new();
    // What isn't a file, a pipe say, could keep a reader waiting.
    let file = path.is_file().then(|| File::open(path).ok())??;
    file.take(pixels::ENOUGH as u64)
        .read_to_end(&mut head)
        .ok()?;
    kind_of(&head)
}

/// How many files are left out, by kind: images of kinds that are not read would be missed most.
fn left_out_note(root: &Path, labels: Option<&Path>, others: &[String]) -> Option<String> {
    let labels = labels.and_then(|labels| labels.canonicalize().ok());
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for path in others.iter().map(|other| root.join(other)) {
        if labels.is_some() && path.canonicalize().ok() == labels {
            continue;
        }
        let what = match (kind(&path), path.extension()) {
            (Some(kind), _) => format!("{} image", kind.name()),
            (None, Some(extension)) => format!(".{} file", extension.to_string_lossy()),
            (None, None) => "file without extension".to_owned(),
        };
        *counts.entry(what).or_default() += 1;
    }
    let count =
        |(what, count): (&String, &usize)| match (count, what.strip_suffix(" without extension")) {
            (1, _) => format!("1 {what}"),
            (_, Some(file)) => format!("{count} {file}s without extension"),
            (_, None) => format!("{count} {what}s"),
        };
    let counted = counts.iter().map(count).collect::<Vec<_>>().join(", ");
    (!counts.is_empty())
        .then(|| format!("left out, for they are no images that are read: {counted}"))
}

/// `label`: the folder an image lies in, where any lies in one.
fn folder_labels(paths: &[String]) -> Option<Column> {
    let label = |path: &String| {
        let (folders, _) = path.rsplit_once('/')?;
        folders.rsplit('/').next().map(str::to_owned)
    };
    let labels: Vec<Option<String>> = paths.iter().map(label).collect();
    (labels.iter().any(Option::is_some)).then(|| Column::new("label".into(), labels))
}

/// Joins the columns of a csv by file name: by path within the folder, or by the bare name where that is unique.
fn join(plan: &mut Plan, csv: &Path) -> Result<(), StoreError> {
    let labels = read_csv(csv)?;
    let columns: Vec<String> = labels
        .get_column_names()
        .iter()
        .map(ToString::to_string)
        .collect();
    let key = FILE_COLUMNS
        .iter()
        .find(|wanted| columns.iter().any(|column| column == *wanted))
        .ok_or_else(|| StoreError::MissingColumn {
            path: csv.to_owned(),
            wanted: format!("of file names ({})", FILE_COLUMNS.join(", ")),
            columns: columns.clone(),
        })?;
    let read = |error| StoreError::table("read", csv)(error);
    let files = labels
        .column(key)
        .and_then(|files| files.cast(&DataType::String))
        .map_err(read)?;
    let files = files.str().map_err(read)?;
    let (row_of_path, unknown) = match_rows(&plan.paths, files);
    let unlabelled = row_of_path.iter().filter(|row| row.is_none()).count();
    if unlabelled == plan.paths.len() {
        return Err(StoreError::Input(format!(
            "none of the {} files that {} names in its column {key} is in {}; the first is “{}”",
            files.len(),
            csv.display(),
            plan.root.display(),
            files.get(0).unwrap_or_default()
        )));
    }
    let taken: IdxCa = row_of_path.into_iter().collect();
    let joined = labels
        .drop(key)
        .and_then(|labels| labels.take(&taken))
        .map_err(read)?;
    let (joined, notes) = without_reserved(joined);
    plan.notes.extend(notes);
    (plan.columns).retain(|column| joined.iter().all(|new| new.name() != column.name()));
    plan.columns.extend(joined);
    if unlabelled > 0 {
        plan.notes
            .push(format!("{unlabelled} images are not in {}", csv.display()));
    }
    if !unknown.is_empty() {
        let first = unknown[..unknown.len().min(3)].join(", ");
        let (count, place) = (unknown.len(), csv.display());
        plan.notes.push(format!(
            "{count} rows of {place} name files that are not there: {first}"
        ));
    }
    Ok(())
}

/// For each image its row in the csv, and the csv's names that are no image's.
fn match_rows(paths: &[String], files: &StringChunked) -> (Vec<Option<IdxSize>>, Vec<String>) {
    let mut places: HashMap<&str, Option<usize>> = HashMap::new();
    for (image, path) in paths.iter().enumerate() {
        let bare = path.rsplit('/').next().unwrap_or(path);
        // A bare name that occurs twice names neither.
        (places.entry(bare))
            .and_modify(|place| *place = None)
            .or_insert(Some(image));
    }
    places.extend(
        paths
            .iter()
            .enumerate()
            .map(|(image, path)| (path.as_str(), Some(image))),
    );
    let (mut rows, mut unknown) = (vec![None; paths.len()], Vec::new());
    for (row, file) in files.iter().enumerate() {
        let file = file.unwrap_or_default();
        match places.get(file.trim_start_matches("./")).copied().flatten() {
            Some(image) => rows[image] = Some(row as IdxSize),
            None => unknown.push(file.to_owned()),
        }
    }
    (rows, unknown)
}

/// A csv with a header, types guessed from all of its rows.
fn read_csv(path: &Path) -> Result<DataFrame, StoreError> {
    open(path)?; // says that a file is missing in our own words
    CsvReadOptions::default()
        .with_has_header(true)
        .with_infer_schema_length(None)
        .try_into_reader_with_file_path(Some(path.to_owned()))
        .and_then(SerReader::finish)
        .map_err(StoreError::table("read", path))
}

/// Reads the images and writes their rows.
pub(super) fn add(
    plan: &Plan,
    set: &mut SetWriter,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<(), StoreError> {
    for (chunk, paths) in plan.paths.chunks(ROW_GROUP).enumerate() {
        cancel.check()?;
        let start = (chunk * ROW_GROUP) as i64;
        set.push(Batch {
            sources: (paths.iter())
                .map(|path| Source::File(plan.root.join(path)))
                .collect(),
            paths: paths.iter().cloned().map(Some).collect(),
            masks: None,
            columns: (plan.columns.iter())
                .map(|column| column.slice(start, paths.len()))
                .collect(),
        })?;
        progress.advance(set.rows() as u64);
    }
    Ok(())
}
