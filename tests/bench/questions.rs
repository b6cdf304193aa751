//! What a user waits for: decomposing a set of images, ranking components, retrieving images.

use std::path::Path;

use candle_core::Tensor;
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use rayon::prelude::*;
use vitscope::align::Aligned;
use vitscope::analysis::{
    ComponentMoments, Moments, ScoreKind, TextBasis, furthest_along, score_from_moments,
};
use vitscope::cancel::Cancel;
use vitscope::contributions::{Contributions, InMemory, every_image};
use vitscope::decompose::{Component, RowSpec, Rows};
use vitscope::progress::Silent;
use vitscope::session::Session;

use crate::hashed;

/// Width of CLIP's space, and how many texts a feature has.
const K: usize = 512;
const TEXTS: usize = 16;

/// Images of the demo's set.
const SCENES: usize = 2400;

fn values(name: &str, shape: &[usize]) -> Vec<f32> {
    let flat = hashed::tensor(name, shape).flatten_all();
    flat.and_then(|flat: Tensor| flat.to_vec1()).expect("f32")
}

/// Statements to files, the demo's DeiT on all its scenes: reading, decoding, forward passes, writing. Items are images.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn decompose_scenes_with_deit(bencher: Bencher) {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/demo");
    let prepare = || {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut session = Session::open(folder.path()).expect("a store");
        let demo = demo.display();
        for statement in [
            format!("add images scenes from \"{demo}/scenes.parquet\""),
            format!("add model deit from \"{demo}/models/deit\""),
        ] {
            session.ask(&statement).expect("an answer");
        }
        (folder, session)
    };
    bencher
        .counter(ItemsCount::new(SCENES))
        .with_inputs(prepare)
        .bench_local_refs(|(_, session)| {
            session
                .ask("decompose scenes with deit")
                .expect("an answer")
        });
}

/// Widths of the rows of ViT-B/16's components.
fn widths() -> Vec<usize> {
    let layer = [vec![64; 12], vec![768]].concat();
    [vec![768], layer.repeat(12), vec![25]].concat()
}

fn aligned(widths: Vec<usize>) -> Aligned {
    let map = |(place, width): (usize, &usize)| values(&format!("map{place}.w"), &[*width, K]);
    Aligned {
        dim: K,
        maps: widths.iter().enumerate().map(map).collect(),
        bias: values("bias", &[K]),
        widths,
    }
}

fn feature() -> TextBasis {
    TextBasis::in_list_order(&values("texts.w", &[TEXTS, K]), K)
}

/// Moments of `images` images: what a store keeps has the same size for any number of them.
fn moments(widths: &[usize], images: u64) -> Moments {
    let diagonal = |width: usize| {
        let mut matrix = vec![0.0; width * width];
        matrix
            .iter_mut()
            .step_by(width + 1)
            .for_each(|v| *v = images as f64);
        matrix
    };
    let component = |&width: &usize| ComponentMoments {
        mean: vec![0.1; width],
        second: diagonal(width),
        cross: values("cross.w", &[width, K])
            .into_iter()
            .map(f64::from)
            .collect(),
    };
    Moments {
        n: images,
        total_mean: vec![0.1; K],
        total_second: diagonal(K),
        components: widths.iter().map(component).collect(),
    }
}

/// Scores of all components of ViT-B/16 for one feature. Items are components.
#[divan::bench(args = [50_000, 1_000_000], sample_count = 20, sample_size = 1)]
fn rank_from_moments(bencher: Bencher, images: u64) {
    let widths = widths();
    let moments = moments(&widths, images);
    let (aligned, feature) = (aligned(widths), feature());
    bencher
        .counter(ItemsCount::new(aligned.widths.len()))
        .bench_local(|| {
            score_from_moments(&moments, &aligned, &feature, ScoreKind::Correlation)
                .expect("scores")
        });
}

/// Images, heads and the width of a head's rows, of the searches below.
const SEARCHED: usize = 50_000;
const HEADS: usize = 3;
const WIDTH: usize = 64;

/// The rows of some heads of ViT-B/16, in parts as a store has them. Retrieval doesn't look at representations, so one number
/// stands for each.
fn heads() -> InMemory {
    let part = 512;
    let parts = (0..SEARCHED).step_by(part).map(|start| {
        let end = (start + part).min(SEARCHED);
        let slab = |head| values(&format!("rows{start}.{head}.w"), &[end - start, WIDTH]);
        Rows {
            ids: (start as u32..end as u32).collect(),
            z: vec![0.0; end - start],
            slabs: (0..HEADS).map(slab).collect(),
        }
    });
    let spec = |head| RowSpec {
        component: Component::head(11, head),
        width: WIDTH,
    };
    let maps = vec![vec![0.0; WIDTH]; HEADS];
    let held = InMemory::new((0..HEADS).map(spec).collect(), maps, 1, parts.collect());
    held.expect("shapes that fit")
}

/// The ten of 50,000 images that three heads respond to most. Bytes are those of their rows.
#[divan::bench(sample_count = 40, sample_size = 1)]
fn retrieve_by_three_heads(bencher: Bencher) {
    let held = heads();
    let (aligned, feature) = (aligned(vec![WIDTH; HEADS]), feature());
    let direction = &feature.axes[..K];
    let (cancel, all) = (Cancel::default(), &every_image);
    bencher
        .counter(BytesCount::of_many::<f32>(SEARCHED * HEADS * WIDTH))
        .bench_local(|| {
            furthest_along(
                &held,
                &aligned,
                &[0, 1, 2],
                direction,
                10,
                all,
                &cancel,
                &Silent,
            )
            .expect("images")
        });
}

/// Reading as many bytes, from as many places, on all cores: what the memory gives.
#[divan::bench(sample_count = 40, sample_size = 1)]
fn read_as_many_bytes(bencher: Bencher) {
    let held = heads();
    let sum = |part: usize| {
        let of_head = |head| {
            let slab = held.slab(part, head).expect("in memory");
            let lanes = slab.chunks_exact(16).fold([0u32; 16], |mut lanes, row| {
                lanes
                    .iter_mut()
                    .zip(row)
                    .for_each(|(l, v)| *l ^= v.to_bits());
                lanes
            });
            lanes.iter().fold(0, |all, lane| all ^ lane)
        };
        (0..HEADS).map(of_head).fold(0, |all, sum| all ^ sum)
    };
    bencher
        .counter(BytesCount::of_many::<f32>(SEARCHED * HEADS * WIDTH))
        .bench_local(|| {
            (0..held.parts())
                .into_par_iter()
                .map(sum)
                .reduce(|| 0, |a, b| a ^ b)
        });
}
