//! Scores of an MLP's neurons, from moments gathered while images go through the model.
//!
//! A neuron's contribution is Σ_s g_s · v_s: its pooled activations g `[S]`, one for each path to the representation (a
//! plain ViT has one, a Swin stage four for each patch merging above it), times constant directions v_s, the neuron's column
//! of the MLP's second layer carried through the MLP's map. So a neuron is a component whose row has S numbers, and what
//! holds for components in [`super::score`] holds for it.

use std::ops::Range;

use super::error::AnalysisError;
use super::projection::Projector;
use super::score::{AxisMoments, total_size};
use super::score_kind::ScoreKind;
use super::text_basis::TextBasis;
use crate::align::Aligned;
use crate::decompose::Rows;
use crate::linalg::{add_scaled, dot, matrix_of, transposed_product, values, widen};

/// An MLP whose neurons are scored.
#[derive(Clone, Debug)]
pub struct NeuronLayer {
    /// The position of the MLP among the components.
    pub component: usize,
    /// The second layer, `[D, M]`.
    pub out: Vec<f32>,
    /// How many neurons it has, `M`.
    pub neurons: usize,
}

/// Sums over images about the neurons of one layer, each number relative to that of the first image, which keeps the
/// sums of squares free of cancellation.
struct Sums {
    layer: NeuronLayer,
    /// Paths to the representation, `S`.
    paths: usize,
    /// v per neuron, path and axis, `[M, S, m]`.
    directions: Vec<f64>,
    /// The first image's g, `[M, S]`.
    first: Vec<f64>,
    /// Σ g, `[M, S]`.
    sum: Vec<f64>,
    /// Σ g gᵀ, `[M, S, S]`.
    second: Vec<f64>,
    /// Σ g t, `[M, S, m]`.
    cross: Vec<f64>,
}

/// The neurons of some layers, asked about some concepts.
pub struct NeuronScores<'a> {
    aligned: &'a Aligned,
    projector: Projector,
    concepts: Vec<Range<usize>>,
    layers: Vec<Sums>,
    /// Images so far.
    n: u64,
    /// The first image's total, Σ t and Σ t², per axis.
    totals: [Vec<f64>; 3],
    /// Σ ‖row‖² per component.
    squares: Vec<f64>,
}

impl<'a> NeuronScores<'a> {
    /// Nothing gathered yet.
    #[must_use]
    pub fn new(aligned: &'a Aligned, bases: &[TextBasis], layers: Vec<NeuronLayer>) -> Self {
        let (mut axes, mut concepts) = (Vec::new(), Vec::new());
        for basis in bases {
            let start = axes.len() / aligned.dim;
            axes.extend_from_slice(&basis.axes);
            concepts.push(start..start + basis.len());
        }
        let projector = Projector::new(aligned, &axes);
        let axes = projector.directions();
        Self {
            layers: layers
                .into_iter()
                .map(|layer| Sums::new(layer, aligned, &projector))
                .collect(),
            totals: [(); 3].map(|()| vec![0.0; axes]),
            squares: vec![0.0; aligned.maps.len()],
            n: 0,
            aligned,
            projector,
            concepts,
        }
    }

    /// Adds images: the rows of all components, and each layer's pooled activations `[B, S, M]`.
    pub fn add(&mut self, rows: &Rows, activations: &[Vec<f32>]) {
        let (count, axes) = (rows.len(), self.projector.directions());
        let all: Vec<usize> = (0..rows.slabs.len()).collect();
        let mut totals = vec![0.0; count * axes];
        for share in self.projector.project_all(rows, &all, 0..count) {
            add_scaled(&mut totals, 1.0, &share);
        }
        for (square, slab) in self.squares.iter_mut().zip(&rows.slabs) {
            *square += slab.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>();
        }
        for (image, total) in totals.chunks_exact_mut(axes.max(1)).enumerate() {
            let [first, sum, square] = &mut self.totals;
            if self.n == 0 {
                first.copy_from_slice(total);
            }
            add_scaled(total, -1.0, first);
            add_scaled(sum, 1.0, total);
            (square.iter_mut().zip(&*total)).for_each(|(square, t)| *square += t * t);
            for (layer, activations) in self.layers.iter_mut().zip(activations) {
                let size = layer.paths * layer.layer.neurons;
                let own = &activations[image * size..(image + 1) * size];
                layer.add(own, total, self.n == 0);
            }
            self.n += 1;
        }
    }

    /// The scores per layer, neuron and concept.
    ///
    /// # Errors
    /// [`AnalysisError::NeedsImages`] for Spearman's correlation, [`AnalysisError::TooFewImages`] below two images.
    pub fn scores(&self, kind: ScoreKind) -> Result<Vec<Vec<Vec<f64>>>, AnalysisError> {
        if kind == ScoreKind::Spearman {
            return Err(AnalysisError::NeedsImages(kind));
        }
        if self.n < 2 {
            return Err(AnalysisError::TooFewImages(self.n));
        }
        let n = self.n as f64;
        let [_, sum, square] = &self.totals;
        let total: Vec<f64> = (square.iter().zip(sum))
            .map(|(square, sum)| square - sum * sum / n)
            .collect();
        let sizes: Vec<Vec<f64>> = (self.squares.iter().enumerate())
            .map(|(i, square)| {
                let rms = (square / n).sqrt();
                self.projector.lengths(i).iter().map(|u| u * rms).collect()
            })
            .collect();
        let whole = Whole {
            n: self.n,
            sum,
            total: &total,
            size: &total_size(&sizes, self.projector.bias()),
        };
        let scores = self.layers.iter().map(|layer| {
            let grams = match kind {
                ScoreKind::VarianceShare => layer.grams(self.aligned),
                _ => Vec::new(),
            };
            let neurons = 0..layer.layer.neurons;
            neurons
                .map(|neuron| layer.scores(neuron, &grams, &self.concepts, &whole, kind))
                .collect()
        });
        Ok(scores.collect())
    }
}

/// What all neurons are held against.
struct Whole<'a> {
    n: u64,
    /// Σ t per axis, relative to the first image's.
    sum: &'a [f64],
    /// Σ t² per axis, centred.
    total: &'a [f64],
    /// The largest that t could be, per axis.
    size: &'a [f64],
}

impl Sums {
    fn new(layer: NeuronLayer, aligned: &Aligned, projector: &Projector) -> Self {
        let (neurons, axes) = (layer.neurons, projector.directions());
        let width = layer.out.len() / neurons.max(1);
        let paths = aligned.widths[layer.component] / width.max(1);
        let pulled = projector.pulled_back(layer.component);
        let directions = through(&layer, pulled, paths, axes);
        Self {
            paths,
            first: vec![0.0; neurons * paths],
            sum: vec![0.0; neurons * paths],
            second: vec![0.0; neurons * paths * paths],
            cross: vec![0.0; neurons * paths * axes],
            directions,
            layer,
        }
    }

    /// Adds an image: its activations `[S, M]`, and the total on each axis.
    fn add(&mut self, activations: &[f32], total: &[f64], is_first: bool) {
        let (paths, axes) = (self.paths, total.len());
        let mut own = vec![0.0; paths];
        for neuron in 0..self.layer.neurons {
            let at = neuron * paths;
            for (path, g) in own.iter_mut().enumerate() {
                *g = f64::from(activations[path * self.layer.neurons + neuron]);
            }
            if is_first {
                self.first[at..at + paths].copy_from_slice(&own);
            }
            add_scaled(&mut own, -1.0, &self.first[at..at + paths]);
            add_scaled(&mut self.sum[at..at + paths], 1.0, &own);
            for (path, g) in own.iter().enumerate() {
                let row = at + path;
                add_scaled(&mut self.second[row * paths..(row + 1) * paths], *g, &own);
                add_scaled(&mut self.cross[row * axes..(row + 1) * axes], *g, total);
            }
        }
    }

    /// v vᵀ over all of CLIP's space, per neuron `[S, S]`.
    fn grams(&self, aligned: &Aligned) -> Vec<f64> {
        let (paths, dim) = (self.paths, aligned.dim);
        let map = widen(&aligned.maps[self.layer.component]);
        let all = through(&self.layer, &map, paths, dim);
        let mut grams = Vec::with_capacity(self.layer.neurons * paths * paths);
        for own in all.chunks_exact(paths * dim) {
            for a in own.chunks_exact(dim) {
                grams.extend(own.chunks_exact(dim).map(|b| dot(a, b)));
            }
        }
        grams
    }

    /// One neuron's score for every concept.
    fn scores(
        &self,
        neuron: usize,
        grams: &[f64],
        concepts: &[Range<usize>],
        whole: &Whole<'_>,
        kind: ScoreKind,
    ) -> Vec<f64> {
        let (paths, axes, n) = (self.paths, whole.total.len(), whole.n as f64);
        let at = neuron * paths;
        let sum = &self.sum[at..at + paths];
        // centred, now that the means are known
        let second: Vec<f64> = (0..paths * paths)
            .map(|i| self.second[at * paths + i] - sum[i / paths] * sum[i % paths] / n)
            .collect();
        let cross = |path: usize, axis: usize| {
            self.cross[(at + path) * axes + axis] - sum[path] * whole.sum[axis] / n
        };
        let (mut variance, mut covariance, mut size) =
            (vec![0.0; axes], vec![0.0; axes], vec![0.0; axes]);
        let rms = (0..paths)
            .map(|p| (second[p * paths + p] / n) + (self.first[at + p] + sum[p] / n).powi(2))
            .sum::<f64>()
            .sqrt();
        for axis in 0..axes {
            let v = |path: usize| self.directions[(at + path) * axes + axis];
            for a in 0..paths {
                variance[axis] += (0..paths)
                    .map(|b| v(a) * v(b) * second[a * paths + b])
                    .sum::<f64>();
                covariance[axis] += v(a) * cross(a, axis);
            }
            size[axis] = (0..paths).map(|p| v(p) * v(p)).sum::<f64>().sqrt() * rms;
        }
        let spread = match grams.get(at * paths..(at + paths) * paths) {
            Some(gram) => dot(gram, &second),
            None => 0.0,
        };
        let score = |concept: &Range<usize>| {
            AxisMoments {
                n: whole.n,
                variance: &variance[concept.clone()],
                covariance: &covariance[concept.clone()],
                total: &whole.total[concept.clone()],
                size: &size[concept.clone()],
                total_size: &whole.size[concept.clone()],
                whole: spread,
            }
            .score(kind)
        };
        concepts.iter().map(score).collect()
    }
}

/// Every neuron's column of the second layer through the map `[S · D, m]` of its MLP: `[M, S, m]`.
fn through(layer: &NeuronLayer, map: &[f64], paths: usize, columns: usize) -> Vec<f64> {
    let width = layer.out.len() / layer.neurons.max(1);
    let out = matrix_of(&widen(&layer.out), width, layer.neurons);
    let mut all = vec![0.0; layer.neurons * paths * columns];
    for path in 0..paths {
        let own = &map[path * width * columns..(path + 1) * width * columns];
        let carried: Vec<f64> = values(&transposed_product(&out, &matrix_of(own, width, columns)));
        for (neuron, row) in carried.chunks_exact(columns).enumerate() {
            let at = (neuron * paths + path) * columns;
            all[at..at + columns].copy_from_slice(row);
        }
    }
    all
}
