//! The manifest of a decomposition: what it was computed from, and which parts are whole.

use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::header::Header;
use super::part::Precision;
use crate::decompose::RowSpec;
use crate::kernels::Numbers;
use crate::store::disk::{Disk, read_text};
use crate::store::error::StoreError;
use crate::store::hash::fingerprint;

/// Raise this when the meaning of stored rows or maps changes: entries of another number are computed again.
const FORMAT: u32 = 1;

/// An image that has no row, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Its row in the set's table.
    pub id: u32,
    /// Its name.
    pub image: String,
    /// Why it couldn't be decomposed.
    pub reason: String,
}

/// One part file that was written whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its number: it covers the set's rows from `number × part_rows`.
    pub number: usize,
    /// The file's name.
    pub file: String,
    /// First row of the set that it covers.
    pub first: usize,
    /// Row after the last that it covers.
    pub end: usize,
    /// Images it holds: the covered rows without the skipped ones.
    pub rows: usize,
    /// Size of the file.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Covered images that it does not hold.
    pub skipped: Vec<Skipped>,
}

/// A component as the manifest names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Width {
    /// The component, as queries write it.
    pub component: String,
    /// Numbers per image.
    pub width: usize,
}

/// `manifest.json`. Holds no time and no path, so that equal decompositions are equal files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Layout of the entry.
    pub format: u32,
    /// The version of vitscope that began it; for the reader, not part of the key.
    pub code_version: String,
    /// Name of the model.
    pub model: String,
    /// Name of the image set.
    pub set: String,
    /// Fingerprint of the model's weights.
    pub model_fingerprint: String,
    /// Fingerprint of the set's images.
    pub set_fingerprint: String,
    /// How images were prepared.
    pub preprocessing: String,
    /// How rows are kept.
    pub precision: Precision,
    /// What the linear layers of the forward pass multiplied; f32 in entries of earlier versions.
    #[serde(default)]
    pub forward: Numbers,
    /// Dimension of z.
    pub dims: usize,
    /// Images in the set.
    pub images: usize,
    /// Rows of the set that a part covers.
    pub part_rows: usize,
    /// The components, in the order of the part files' columns.
    pub components: Vec<Width>,
    /// The whole parts, in order.
    pub parts: Vec<Part>,
}

impl Manifest {
    pub(crate) fn new(
        model: &str,
        set: &str,
        set_fingerprint: &str,
        images: usize,
        header: &Header,
    ) -> Self {
        Self {
            format: FORMAT,
            code_version: env!("CARGO_PKG_VERSION").to_owned(),
            model: model.to_owned(),
            set: set.to_owned(),
            model_fingerprint: header.model_fingerprint.clone(),
            set_fingerprint: set_fingerprint.to_owned(),
            preprocessing: header.preprocessing.clone(),
            precision: header.precision,
            forward: header.forward,
            dims: header.dims,
            images,
            part_rows: header.part_rows.max(1),
            components: (header.specs.iter())
                .map(|spec| Width {
                    component: spec.component.to_string(),
                    width: spec.width,
                })
                .collect(),
            parts: Vec::new(),
        }
    }

    /// The manifest in an entry's folder; `None` where there is none.
    pub(crate) fn load(dir: &Path) -> Result<Option<Self>, StoreError> {
        let path = dir.join("manifest.json");
        let Some(text) = read_text(&path)? else {
            return Ok(None);
        };
        serde_json::from_str(&text).map(Some).map_err(|error| {
            StoreError::damaged(&path, error.to_string(), "decompose the set again")
        })
    }

    pub(crate) fn save(&self, disk: &Disk, dir: &Path) -> Result<(), StoreError> {
        let mut text =
            serde_json::to_string_pretty(self).expect("a manifest holds JSON types only");
        text.push('\n');
        disk.write(&dir.join("manifest.json"), text.as_bytes())
    }

    /// What makes this entry other than `wanted`, in a few words; `None` when its parts can be used.
    pub(crate) fn differs(&self, wanted: &Self) -> Option<String> {
        let what = [
            (self.format != wanted.format, "the store's format"),
            (
                self.model_fingerprint != wanted.model_fingerprint,
                "the model's weights",
            ),
            (
                self.set_fingerprint != wanted.set_fingerprint || self.images != wanted.images,
                "the image set",
            ),
            (
                self.preprocessing != wanted.preprocessing,
                "the preprocessing",
            ),
            (self.precision != wanted.precision, "the precision"),
            (
                self.forward != wanted.forward,
                "what the forward pass multiplies",
            ),
            (
                self.dims != wanted.dims || self.components != wanted.components,
                "the components",
            ),
        ];
        let changed: Vec<_> = (what.iter().filter(|(changed, _)| *changed))
            .map(|(_, what)| *what)
            .collect();
        match changed[..] {
            [] => None,
            [one] => Some(format!("{one} changed")),
            _ => Some(format!("{} changed", changed.join(" and "))),
        }
    }

    /// How many parts the whole set takes.
    #[must_use]
    pub fn parts_in_all(&self) -> usize {
        self.images.div_ceil(self.part_rows)
    }

    /// The rows of the set that part `number` covers.
    #[must_use]
    pub fn range(&self, number: usize) -> Range<usize> {
        number * self.part_rows..((number + 1) * self.part_rows).min(self.images)
    }

    /// Rows of the set that whole parts cover.
    #[must_use]
    pub fn covered(&self) -> usize {
        self.parts.iter().map(|part| part.end - part.first).sum()
    }

    /// Images that have rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.parts.iter().map(|part| part.rows).sum()
    }

    /// Whether every image of the set is covered.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.parts.len() == self.parts_in_all()
    }

    /// Images without rows, over all parts.
    pub fn skipped(&self) -> impl Iterator<Item = &Skipped> {
        self.parts.iter().flat_map(|part| &part.skipped)
    }

    /// The components and their widths.
    pub(crate) fn specs(&self, dir: &Path) -> Result<Vec<RowSpec>, StoreError> {
        (self.components.iter())
            .map(|entry| {
                let component = entry.component.parse().map_err(|error| {
                    let path = dir.join("manifest.json");
                    StoreError::damaged(&path, format!("{error}"), "decompose the set again")
                })?;
                Ok(RowSpec {
                    component,
                    width: entry.width,
                })
            })
            .collect()
    }

    pub(crate) fn part_file(number: usize) -> String {
        format!("part-{number:05}.arrow")
    }

    /// The entry of a part just encoded.
    pub(crate) fn part(
        &self,
        number: usize,
        bytes: &[u8],
        rows: usize,
        skipped: &[Skipped],
    ) -> Part {
        let range = self.range(number);
        Part {
            number,
            file: Self::part_file(number),
            first: range.start,
            end: range.end,
            rows,
            bytes: bytes.len() as u64,
            sha256: fingerprint(bytes),
            skipped: skipped.to_vec(),
        }
    }
}
