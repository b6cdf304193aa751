//! What a user waits for: decomposing a set of images, ranking components. `searching` has retrieval.

use std::path::Path;

use candle_core::Tensor;
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use vitscope::align::Aligned;
use vitscope::analysis::{
    ComponentMoments, Group, Moments, ScoreKind, TextBasis, gather_moments, scan_scores,
    score_from_moments,
};
use vitscope::contributions::{InMemory, every_image};
use vitscope::decompose::{Component, RowSpec, Rows};
use vitscope::session::Session;
use vitscope::work::cancel::Cancel;
use vitscope::work::progress::Silent;

use crate::hashed;

/// Width of CLIP's space, and how many texts a feature has.
pub const K: usize = 512;
const TEXTS: usize = 16;

/// Images of the demo's set.
const SCENES: usize = 2400;

pub fn values(name: &str, shape: &[usize]) -> Vec<f32> {
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
pub fn widths() -> Vec<usize> {
    let layer = [vec![64; 12], vec![768]].concat();
    [vec![768], layer.repeat(12), vec![25]].concat()
}

pub fn aligned(widths: Vec<usize>) -> Aligned {
    let map =
        |(place, width): (usize, &usize)| values(&format!("map{place}.w"), &[*width, K]).into();
    Aligned {
        dim: K,
        maps: widths.iter().enumerate().map(map).collect(),
        bias: values("bias", &[K]),
        widths,
    }
}

pub fn feature() -> TextBasis {
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
        second: diagonal(width).into(),
        cross: values("cross.w", &[width, K])
            .into_iter()
            .map(f64::from)
            .collect::<Vec<_>>()
            .into(),
    };
    Moments {
        n: images,
        total_mean: vec![0.1; K],
        total_second: diagonal(K),
        components: widths.iter().map(component).collect(),
    }
}

/// Scores of all components of ViT-B/16 for one feature, whatever the number of images. Bytes are those of the moments and
/// maps.
#[divan::bench(args = [50_000, 1_000_000], sample_count = 20, sample_size = 1)]
fn rank_from_moments(bencher: Bencher, images: u64) {
    let widths = widths();
    let moments = moments(&widths, images);
    let bytes = widths
        .iter()
        .map(|width| width * (8 * (width + 1 + K) + 4 * K));
    let bytes = bytes.sum::<usize>() + 8 * K * (K + 1);
    let (aligned, feature) = (aligned(widths), feature());
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        score_from_moments(&moments, &aligned, &feature, ScoreKind::Correlation).expect("scores")
    });
}

/// Images of the passes below: two parts.
const PASSED: usize = 1024;

/// All rows of ViT-B/16, in parts as a store has them, and the maps into CLIP's space.
fn all_rows() -> (InMemory, Aligned) {
    const PART: usize = 512;
    let widths = widths();
    let specs = widths.iter().enumerate().map(|(place, &width)| RowSpec {
        component: Component::head(place / 12, place % 12),
        width,
    });
    let slab = |width: &usize| values("rows.w", &[PART, *width]);
    let part = |start: usize| Rows {
        ids: (start as u32..(start + PART) as u32).collect(),
        z: vec![0.0; PART],
        slabs: widths.iter().map(slab).collect(),
    };
    let parts = (0..PASSED).step_by(PART).map(part);
    let maps = widths.iter().map(|width| vec![0.0; *width]).collect();
    let held = InMemory::new(specs.collect(), maps, 1, parts.collect());
    (held.expect("shapes that fit"), aligned(widths))
}

/// A ranking with a condition: one pass over all rows. Bytes are theirs.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn rank_by_a_pass_over_rows(bencher: Bencher) {
    let (held, aligned) = all_rows();
    let units: Vec<Group> = (0..aligned.widths.len())
        .map(|place| Group {
            name: place.to_string(),
            components: vec![place],
        })
        .collect();
    let (features, kind) = ([feature()], ScoreKind::Correlation);
    let (cancel, all) = (Cancel::default(), &every_image);
    bencher
        .counter(BytesCount::of_many::<f32>(
            PASSED * widths().iter().sum::<usize>(),
        ))
        .bench_local(|| {
            scan_scores(
                &held, &aligned, &units, &features, kind, all, &cancel, &Silent,
            )
            .expect("scores")
        });
}

/// Second moments of all components, once for a set. Items are floating-point operations of f64, two for each multiply-add.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn moments_of_a_pass_over_rows(bencher: Bencher) {
    let (held, aligned) = all_rows();
    let (cancel, all) = (Cancel::default(), &every_image);
    // Per image: each row to its share of the total, its products with itself and with the total; the total's with itself.
    let of_rows = widths().iter().map(|d| 2 * d * (K + d + K)).sum::<usize>();
    bencher
        .counter(ItemsCount::new(PASSED * (of_rows + 2 * K * K)))
        .bench_local(|| gather_moments(&held, &aligned, all, &cancel, &Silent).expect("moments"));
}
