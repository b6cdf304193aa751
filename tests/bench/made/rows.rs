//! Made-up rows: noise, moved in some heads along a direction for what is in the image.

use std::ops::Range;

use candle_core::{Device, Tensor};
use rayon::prelude::*;
use vitscope::align::Alignment;
use vitscope::decompose::{ComponentKind, RowSpec, Rows};
use vitscope::store::Header;

use super::{KNOWN, value};

/// How far a row is moved, in lengths of its noise: enough to see in a few hundred images, not in one.
const MOVED: f32 = 0.7;

/// What every part is made from.
pub struct Planted<'a> {
    header: &'a Header,
    maps: Vec<Tensor>,
    /// By component: the column it tells and, for each of its values, what is added to the row.
    told: Vec<Option<(usize, Vec<Vec<f32>>)>>,
}

impl<'a> Planted<'a> {
    /// Heads of the last layers tell one known column each, in turn. `directions` says where the columns' values lie in CLIP's
    /// space, one after the other, and `alignment` how a contribution gets there, unless it is there already.
    pub fn new(header: &'a Header, directions: &[Vec<f32>], alignment: Option<&Alignment>) -> Self {
        let heads: Vec<usize> = (0..header.specs.len())
            .rev()
            .filter(|&i| header.specs[i].component.kind == ComponentKind::Head)
            .take(3 * KNOWN.len())
            .collect();
        let told = |component: usize| {
            let turn = heads.iter().position(|&head| head == component)?;
            let column = turn % KNOWN.len();
            let first: usize = KNOWN[..column].iter().map(|(_, values)| values.len()).sum();
            let along = |value: usize| {
                let wanted = &directions[first + value];
                let wanted = match alignment {
                    Some(alignment) => times(&alignment.maps[component], wanted),
                    None => wanted.clone(),
                };
                moved(times(&header.maps[component], &wanted))
            };
            Some((column, (0..KNOWN[column].1.len()).map(along).collect()))
        };
        let maps = header.maps.iter().zip(&header.specs).map(|(map, spec)| {
            Tensor::from_slice(map, (spec.width, header.dims), &Device::Cpu).expect("a map")
        });
        Self {
            header,
            maps: maps.collect(),
            told: (0..header.specs.len()).map(told).collect(),
        }
    }

    /// The rows of the images `ids`, and the representations they sum to.
    pub fn rows(&self, ids: Range<u32>) -> Rows {
        let count = ids.len();
        let places: Vec<usize> = (0..self.header.specs.len()).collect();
        let slabs: Vec<Vec<f32>> = (places.par_iter())
            .map(|&i| self.slab(i, &self.header.specs[i], ids.clone()))
            .collect();
        let dims = self.header.dims;
        let mut z = vec![0.0f32; count * dims];
        for ((slab, map), spec) in slabs.iter().zip(&self.maps).zip(&self.header.specs) {
            let rows = Tensor::from_slice(slab, (count, spec.width), &Device::Cpu);
            let share = rows.and_then(|rows| rows.matmul(map)?.flatten_all()?.to_vec1::<f32>());
            z.iter_mut()
                .zip(share.expect("a product"))
                .for_each(|(z, v)| *z += v);
        }
        Rows {
            ids: ids.collect(),
            z,
            slabs,
        }
    }

    fn slab(&self, component: usize, spec: &RowSpec, ids: Range<u32>) -> Vec<f32> {
        let width = spec.width;
        let constant = spec.component.kind == ComponentKind::Bias;
        let mut slab = Vec::with_capacity(ids.len() * width);
        for id in ids {
            let own = if constant { 0 } else { u64::from(id) };
            let mut state = (own << 16 | component as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93);
            let start = slab.len();
            slab.extend((0..width).map(|_| noise(&mut state, width)));
            if let Some((column, along)) = &self.told[component] {
                let moved = &along[value(*column, id)];
                slab[start..]
                    .iter_mut()
                    .zip(moved)
                    .for_each(|(v, m)| *v += m);
            }
        }
        slab
    }
}

/// Uniform noise, a row of which has about length 1.
fn noise(state: &mut u64, width: usize) -> f32 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    let unit = (*state >> 40) as f32 / (1u32 << 24) as f32;
    (unit - 0.5) * (12.0 / width as f32).sqrt()
}

/// `map · direction`: the row whose contribution goes along the direction.
fn times(map: &[f32], direction: &[f32]) -> Vec<f32> {
    let rows = map.chunks_exact(direction.len());
    rows.map(|row| row.iter().zip(direction).map(|(m, d)| m * d).sum())
        .collect()
}

/// What is added to a row.
fn moved(mut along: Vec<f32>) -> Vec<f32> {
    let length = along.iter().map(|v| v * v).sum::<f32>().sqrt();
    along.iter_mut().for_each(|v| *v *= MOVED / length);
    along
}
