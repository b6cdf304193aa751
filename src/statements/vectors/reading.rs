//! Reading vectors part by part, as tables.

use std::sync::Arc;

use polars::prelude::{Column, DataFrame};

use super::asked::VectorsOf;
use crate::align::Aligned;
use crate::analysis::summed;
use crate::contributions::{Contributions, read_kept, read_kept_with_z};
use crate::decompose::Rows;
use crate::desk::stored::rows::PlannedRows;
use crate::desk::tables::columns::frame;
use crate::desk::tables::image_columns::metadata;
use crate::desk::tables::wording::how_many;
use crate::desk::{Desk, DeskError};
use crate::store::array_column;

/// The vectors that were asked for, not read yet.
pub(super) struct Vectors<'a> {
    of: &'a VectorsOf,
    rows: PlannedRows<'a>,
    /// Into CLIP's space, if that was asked for.
    aligned: Option<Arc<Aligned>>,
}

impl<'a> Vectors<'a> {
    /// Those that a ticket is for.
    ///
    /// # Errors
    /// When the maps that go with them are missing or damaged.
    pub fn of(tickets: &'a VectorsOf, desk: &Desk<'_>) -> Result<Self, DeskError> {
        let carried = tickets.alignment.as_ref();
        let carried = carried.map(|alignment| alignment.carried(desk));
        Ok(Self {
            of: tickets,
            rows: tickets.rows.open()?,
            aligned: carried.transpose()?.map(|carried| carried.aligned),
        })
    }

    /// Calls `visit` with the table of each part, in order.
    ///
    /// # Errors
    /// When rows can't be read, [`DeskError::Cancelled`], and whatever `visit` fails with.
    pub fn each_part(
        &self,
        desk: &Desk<'_>,
        visit: &mut dyn FnMut(DataFrame) -> Result<(), DeskError>,
    ) -> Result<(), DeskError> {
        let parts = self.rows.parts();
        desk.progress.start("vectors", parts as u64);
        for part in 0..parts {
            desk.cancel.check()?;
            visit(self.part(part)?)?;
            desk.progress.advance(part as u64 + 1);
        }
        desk.progress.finish();
        Ok(())
    }

    /// How many images they are of.
    pub fn images(&self) -> usize {
        how_many(self.of.rows.images())
    }

    /// How many bytes they are.
    pub fn bytes(&self) -> usize {
        let columns = self.of.units.as_ref().map_or(1, Vec::len);
        self.images() * columns * self.dim() * size_of::<f32>()
    }

    fn dim(&self) -> usize {
        match &self.aligned {
            Some(aligned) => aligned.dim,
            None => self.rows.dim(),
        }
    }

    fn map(&self, component: usize) -> &[f32] {
        match &self.aligned {
            Some(aligned) => &aligned.maps[component],
            None => self.rows.map(component),
        }
    }

    /// The rows of one part: id, the set's columns, a column of vectors per unit.
    ///
    /// # Errors
    /// When rows can't be read.
    pub fn part(&self, part: usize) -> Result<DataFrame, DeskError> {
        let components = self.components();
        let keep = self.of.rows.keeps();
        let mut rows = match self.wants_z() {
            true => read_kept_with_z(&self.rows, part, Some(&components), &keep)?,
            false => read_kept(&self.rows, part, Some(&components), &keep)?,
        };
        let mut table = vec![Column::new("id".into(), rows.ids.as_slice())];
        table.extend(metadata(&self.of.set, &rows.ids)?);
        let mut add = |name: &str, vectors: Vec<f32>| -> Result<(), DeskError> {
            table.push(array_column(name, vectors, self.dim(), rows.ids.len())?);
            Ok(())
        };
        match &self.of.units {
            Some(units) => {
                for unit in units {
                    let sum = self.sum(&rows, &components, &unit.components);
                    add(&unit.name, sum)?;
                }
            }
            None => {
                let whole = match &self.aligned {
                    Some(aligned) => self.aligned_whole(&rows, &components, aligned),
                    None => std::mem::take(&mut rows.z),
                };
                add("representation", whole)?;
            }
        }
        Ok(frame(table)?)
    }

    /// Whether the representation itself is read.
    fn wants_z(&self) -> bool {
        self.of.units.is_none() && self.aligned.is_none()
    }

    /// What has to be read: the units' components, each once; all for an aligned representation, none for one that is
    /// stored as it is.
    fn components(&self) -> Vec<usize> {
        let Some(units) = &self.of.units else {
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

    /// The whole representation in CLIP's space: the sum of all contributions, and the bias of the alignment.
    fn aligned_whole(&self, rows: &Rows, components: &[usize], aligned: &Aligned) -> Vec<f32> {
        let mut whole = self.sum(rows, components, components);
        for row in whole.chunks_exact_mut(aligned.dim) {
            row.iter_mut().zip(&aligned.bias).for_each(|(v, b)| *v += b);
        }
        whole
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
}
