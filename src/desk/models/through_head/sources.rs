//! [`Sources`]: contributions through a head, as if they were stored.

use std::borrow::Cow;
use std::sync::{Mutex, OnceLock, PoisonError};

use candle_core::{Device, Tensor};
use rayon::ThreadPool;

use crate::align::{Aligned, Alignment};
use crate::contributions::{Contributions, ReadError, Slab};
use crate::decompose::{RowSpec, Rows, Through};
use crate::desk::DeskError;
use crate::desk::cores::workers::{spread, workers};
use crate::desk::models::loaded::LoadedModel;
use crate::linalg::{matrix_of, product, values};
use crate::store::{ImageSet, StoreError};

/// Images that are worked on between two steps of the progress: fixed, so that sums do not depend on the machine.
const PART: usize = 32;

/// Contributions through a head, made part by part when they are first read, and kept: rows are small.
pub(super) struct Sources<'a> {
    loaded: &'a LoadedModel,
    through: Through<'a>,
    images: &'a ImageSet,
    ids: Vec<usize>,
    maps: Vec<Vec<f32>>,
    dim: usize,
    parts: Vec<OnceLock<Rows>>,
    /// Who makes a part.
    workers: Mutex<Vec<ThreadPool>>,
    stop: &'a (dyn Fn() -> bool + Sync),
}

impl<'a> Sources<'a> {
    pub fn new(
        loaded: &'a LoadedModel,
        through: Through<'a>,
        images: &'a ImageSet,
        ids: Vec<usize>,
        stop: &'a (dyn Fn() -> bool + Sync),
    ) -> Result<Self, DeskError> {
        let maps = through.maps().iter();
        let maps = maps.map(|map| map.flatten_all()?.to_vec1());
        Ok(Self {
            maps: maps.collect::<candle_core::Result<_>>()?,
            dim: loaded.decomposer.dim()?,
            parts: ids.chunks(PART).map(|_| OnceLock::new()).collect(),
            workers: Mutex::new(workers()?),
            loaded,
            through,
            images,
            ids,
            stop,
        })
    }

    /// Every source through the map of the head, the only one of the alignment, into CLIP's space. The bias of the alignment
    /// belongs to the whole representation.
    pub fn aligned(&self, alignment: &Alignment) -> Aligned {
        let (dim, width) = (alignment.dim, alignment.width);
        let carried = |map: &Vec<f32>| match alignment.is_identity() {
            true => map.clone().into(),
            false => {
                let map = matrix_of(map, map.len() / dim, dim);
                values::<f32>(&product(&map, &matrix_of(&alignment.maps[0], dim, width))).into()
            }
        };
        Aligned {
            dim: width,
            widths: self.specs().iter().map(|spec| spec.width).collect(),
            maps: self.maps.iter().map(carried).collect(),
            bias: vec![0.0; width],
        }
    }

    /// The rows of image `id`; none if it can't be read.
    fn rows(&self, id: usize) -> Result<Rows, DeskError> {
        let picture = match self.images.decode(id) {
            Ok(picture) => picture,
            Err(StoreError::Image { .. }) => return Ok(Rows::default()),
            Err(error) => return Err(error.into()),
        };
        let (height, width) = self.loaded.decomposer.image_size();
        let pixels = self.loaded.checkpoint.preprocess.apply(&picture);
        let pixels = Tensor::from_vec(pixels, (1, 3, height, width), &Device::Cpu)?;
        Ok(self.through.rows(&pixels, vec![id as u32])?)
    }

    /// The rows of all sources for a part's images.
    fn part(&self, part: usize) -> Result<&Rows, ReadError> {
        if let Some(rows) = self.parts[part].get() {
            return Ok(rows);
        }
        let workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rows) = self.parts[part].get() {
            return Ok(rows); // made while this waited
        }
        let ids = self.ids.chunks(PART).nth(part).unwrap_or_default();
        let found = spread(&workers, ids, &|| !(self.stop)(), &|id| self.rows(id))
            .map_err(|error| ReadError(Box::new(error)))?;
        let mut rows = Rows {
            slabs: vec![Vec::new(); self.specs().len()],
            ..Rows::default()
        };
        for image in found.into_iter().filter(|image| !image.is_empty()) {
            rows.append(image);
        }
        Ok(self.parts[part].get_or_init(|| rows))
    }
}

impl Contributions for Sources<'_> {
    fn specs(&self) -> &[RowSpec] {
        self.through.specs()
    }

    fn map(&self, component: usize) -> &[f32] {
        &self.maps[component]
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn parts(&self) -> usize {
        self.parts.len()
    }

    fn ids(&self, part: usize) -> Result<Cow<'_, [u32]>, ReadError> {
        Ok(Cow::Borrowed(&self.part(part)?.ids))
    }

    fn z(&self, part: usize) -> Result<Cow<'_, [f32]>, ReadError> {
        Ok(Cow::Borrowed(&self.part(part)?.z))
    }

    fn slab(&self, part: usize, component: usize) -> Result<Slab<'_>, ReadError> {
        Ok(Slab::Single(&self.part(part)?.slabs[component]))
    }
}
