//! `contributions of` and `representation of`: the vectors themselves, one row per image.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::{Column, DataFrame, ParquetWriter};

use super::rank::{clip_of, groups, how_many};
use super::retrieve::metadata;
use super::scores::Stored;
use super::{Desk, EngineError, frames};
use crate::align::Aligned;
use crate::analysis::{Unit, summed};
use crate::contributions::{Contributions, read_kept, read_kept_with_z};
use crate::decompose::Rows;
use crate::files::paths;
use crate::interface::answer::Answer;
use crate::lang::ast::Asked;
use crate::lang::query::{Query, Question, Stage, Task};
use crate::store::{ImageSet, array_column};

/// The most bytes of vectors that an answer holds.
pub const MOST: usize = 1 << 30;

/// The vectors that were asked for, not read yet.
struct Vectors {
    stored: Arc<Stored>,
    /// Into CLIP's space, if that was asked for.
    aligned: Option<Arc<Aligned>>,
    /// Whose contributions; nothing for the representation.
    units: Option<Vec<Unit>>,
    set: Arc<ImageSet>,
    keep: Vec<bool>,
    title: String,
    notes: Vec<String>,
}

impl Desk<'_> {
    /// The contributions of units, a column each; or the representation.
    pub(super) fn vectors(&self, question: &Question) -> Result<Answer, EngineError> {
        let vectors = self.wanted(question)?;
        vectors.refuse_too_large()?;
        let mut table: Option<DataFrame> = None;
        self.each_part(&vectors, &mut |part| {
            match &mut table {
                Some(table) => {
                    table.vstack_mut(&part)?;
                }
                None => table = Some(part),
            }
            Ok(())
        })?;
        let mut frame = table.unwrap_or_default();
        frame.rechunk_mut();
        Ok(vectors.answer(frame))
    }

    /// Vectors of more than `most` bytes that are only to be saved as Parquet: written part by part. Nothing for any
    /// other query, which is to be answered as all are.
    ///
    /// # Errors
    /// When what the query rests on is missing, or the file can't be written; none is left then.
    pub fn stream(&self, query: &Query, most: usize) -> Result<Option<Answer>, EngineError> {
        let (Task::Ask(question), [Stage::Save(path)]) = (&query.task, query.stages.as_slice())
        else {
            return Ok(None);
        };
        let asked = matches!(question.asked, Asked::Contributions | Asked::Representation);
        let path = paths::expand(path);
        let parquet = path
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("parquet"));
        if !asked || !parquet || query.into.is_some() {
            return Ok(None);
        }
        let vectors = self.wanted(question)?;
        if vectors.bytes() <= most {
            return Ok(None);
        }
        let rows = self.save_parts(&vectors, &path)?;
        let mut answer = vectors.answer(DataFrame::default());
        answer.notes.push(format!(
            "saved {rows} rows to {}; too many vectors to show, they were written as they came",
            path.display()
        ));
        Ok(Some(answer))
    }

    /// Writes vectors to a file that takes its name when it is whole; gives the number of rows.
    fn save_parts(&self, vectors: &Vectors, path: &Path) -> Result<usize, EngineError> {
        let failed = |error: std::io::Error| EngineError::Refused {
            message: format!("can't write {}: {error}", path.display()),
            help: None,
        };
        let mut unfinished = path.as_os_str().to_owned();
        unfinished.push(".part");
        let unfinished = PathBuf::from(unfinished);
        let file = File::create(&unfinished).map_err(failed)?;
        let mut rows = 0;
        let written = vectors.part(0).and_then(|first| {
            let mut writer = ParquetWriter::new(file).batched(first.schema())?;
            self.each_part(vectors, &mut |part| {
                rows += part.height();
                Ok(writer.write_batch(&part)?)
            })?;
            Ok(writer.finish()?)
        });
        let renamed = written.and_then(|_| std::fs::rename(&unfinished, path).map_err(failed));
        if renamed.is_err() {
            // Whatever made writing fail is what the user should hear of.
            let _ = std::fs::remove_file(&unfinished);
        }
        renamed.map(|()| rows)
    }

    fn each_part(
        &self,
        vectors: &Vectors,
        visit: &mut dyn FnMut(DataFrame) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let parts = vectors.stored.parts();
        self.progress.start("vectors", parts as u64);
        for part in 0..parts {
            self.cancel.check()?;
            visit(vectors.part(part)?)?;
            self.progress.advance(part as u64 + 1);
        }
        self.progress.finish();
        Ok(())
    }

    /// Which images' vectors are asked for.
    pub(super) fn images_wanted(
        &self,
        set: &ImageSet,
        question: &Question,
    ) -> Result<Vec<bool>, EngineError> {
        let mut keep = self.images_satisfying(set, question)?;
        if let Some(most) = question.limit {
            let beyond = (0..keep.len()).filter(|id| keep[*id]).nth(most);
            keep[beyond.unwrap_or(set.len())..].fill(false);
        }
        Ok(keep)
    }

    fn wanted(&self, question: &Question) -> Result<Vectors, EngineError> {
        let target = &question.targets[0];
        let stored = self.stored(&target.model, &target.set)?;
        let (mut aligned, mut notes) = (None, Vec::new());
        let mut space = "in the space of the representation";
        if question.aligned {
            let clip = clip_of(target)?;
            aligned = Some(self.aligned(&stored, &target.model, clip)?.aligned);
            space = "in CLIP's space";
            if target.model != clip && question.asked == Asked::Contributions {
                notes.push(
                    "the alignment's bias belongs to the whole and is in no unit's contribution"
                        .to_owned(),
                );
            }
        }
        let (units, what) = match question.asked {
            Asked::Contributions => (
                Some(groups(stored.specs(), &target.units)?),
                "contributions",
            ),
            _ => (None, "representation"),
        };
        let set = self.set(&target.set)?;
        let keep = self.images_wanted(&set, question)?;
        Ok(Vectors {
            title: format!("{what} of {}, {space}", target.model),
            stored,
            aligned,
            units,
            set,
            keep,
            notes,
        })
    }
}

impl Vectors {
    fn dim(&self) -> usize {
        match &self.aligned {
            Some(aligned) => aligned.dim,
            None => self.stored.dim(),
        }
    }

    fn map(&self, component: usize) -> &[f32] {
        match &self.aligned {
            Some(aligned) => &aligned.maps[component],
            None => self.stored.map(component),
        }
    }

    fn images(&self) -> usize {
        how_many(&self.keep)
    }

    fn bytes(&self) -> usize {
        let columns = self.units.as_ref().map_or(1, Vec::len);
        self.images() * columns * self.dim() * size_of::<f32>()
    }

    fn refuse_too_large(&self) -> Result<(), EngineError> {
        let bytes = self.bytes();
        if bytes <= MOST {
            return Ok(());
        }
        Err(EngineError::refused(
            format!(
                "these vectors of {} images are {:.1} GiB, and an answer holds at most 1 GiB of them",
                self.images(),
                bytes as f64 / MOST as f64
            ),
            "name fewer units or images, or save them as they come: end with `| save \"FILE.parquet\"`",
        ))
    }

    /// The rows of one part: id, the set's columns, a column of vectors per unit.
    fn part(&self, part: usize) -> Result<DataFrame, EngineError> {
        let components = self.components();
        let keep = |id: u32| self.keep[id as usize];
        let mut rows = match self.wants_z() {
            true => read_kept_with_z(&self.stored, part, Some(&components), &keep)?,
            false => read_kept(&self.stored, part, Some(&components), &keep)?,
        };
        let mut table = vec![Column::new("id".into(), rows.ids.as_slice())];
        table.extend(metadata(&self.set, &rows.ids)?);
        match &self.units {
            Some(units) => {
                for unit in units {
                    let sum = self.sum(&rows, &components, &unit.components);
                    table.push(array_column(&unit.name, sum, self.dim(), rows.len())?);
                }
            }
            None => {
                let whole = match &self.aligned {
                    Some(aligned) => {
                        let mut whole = self.sum(&rows, &components, &components);
                        for row in whole.chunks_exact_mut(aligned.dim) {
                            row.iter_mut().zip(&aligned.bias).for_each(|(v, b)| *v += b);
                        }
                        whole
                    }
                    None => std::mem::take(&mut rows.z),
                };
                table.push(array_column(
                    "representation",
                    whole,
                    self.dim(),
                    rows.len(),
                )?);
            }
        }
        Ok(frames::frame(table)?)
    }

    /// Whether the representation itself is read.
    fn wants_z(&self) -> bool {
        self.units.is_none() && self.aligned.is_none()
    }

    /// What has to be read: the units' components, each once; all for an aligned representation, none for one that is
    /// stored as it is.
    fn components(&self) -> Vec<usize> {
        let Some(units) = &self.units else {
            let all = self
                .aligned
                .as_ref()
                .map_or(0, |aligned| aligned.maps.len());
            return (0..all).collect();
        };
        let mut all: Vec<usize> = units
            .iter()
            .flat_map(|unit| unit.components.clone())
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The summed contributions of `which`, given the rows of the sorted components `read`.
    fn sum(&self, rows: &Rows, read: &[usize], which: &[usize]) -> Vec<f32> {
        let term = |component: &usize| {
            let place = read.binary_search(component);
            let slab = &rows.slabs[place.expect("every component asked for was read")];
            (slab.as_slice(), self.map(*component))
        };
        let terms: Vec<(&[f32], &[f32])> = which.iter().map(term).collect();
        summed(rows.len(), self.dim(), &terms)
    }

    fn answer(self, frame: DataFrame) -> Answer {
        Answer {
            title: Some(self.title),
            frame,
            notes: self.notes,
            cached: true,
            ..Answer::default()
        }
    }
}
