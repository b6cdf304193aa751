//! Moments, scores and rankings against dense computations in f64 that hold everything at once.

use super::*;
use crate::align::tests::golden;
use crate::align::{Aligned, Alignment, Random};
use crate::contributions::synthetic::{Synthetic, noise, random_alignment, synthesize};
use crate::contributions::{InMemory, Keep, every_image};
use crate::decompose::{Component, RowSpec, Rows};
use crate::linalg::narrow;
use crate::work::cancel::Cancel;
use crate::work::progress::Silent;

const WIDTHS: [usize; 5] = [3, 5, 4, 9, 2];
const DIM: usize = 7;
const WIDTH: usize = 6;
const IMAGES: usize = 230;

struct Case {
    synthetic: Synthetic,
    alignment: Alignment,
    aligned: Aligned,
    basis: TextBasis,
}

fn case() -> Case {
    let synthetic = synthesize(IMAGES, DIM, &WIDTHS, 64, 21);
    let alignment = random_alignment(WIDTHS.len(), DIM, WIDTH, 22);
    let texts = noise(3 * WIDTH, &mut Random::new(23));
    Case {
        aligned: Aligned::new(&synthetic.contributions, &alignment),
        basis: TextBasis::in_list_order(&texts, WIDTH),
        synthetic,
        alignment,
    }
}

impl Case {
    fn moments(&self, keep: Keep<'_>) -> Moments {
        let cancel = Cancel::default();
        gather_moments(
            &self.synthetic.contributions,
            &self.aligned,
            keep,
            &cancel,
            &Silent,
        )
        .expect("gathers")
    }

    fn scan(&self, units: &[Group], kind: ScoreKind, keep: Keep<'_>) -> ScanResult {
        scan_scores(
            &self.synthetic.contributions,
            &self.aligned,
            units,
            std::slice::from_ref(&self.basis),
            kind,
            keep,
            &Cancel::default(),
            &Silent,
        )
        .expect("scans")
    }
}

fn singles() -> Vec<Group> {
    (0..WIDTHS.len())
        .map(|i| Group {
            name: format!("component {i}"),
            components: vec![i],
        })
        .collect()
}

/// One column of `[n, cols]`, restricted to the images that take part, minus its mean.
fn column(values: &[f64], cols: usize, col: usize, keep: Keep<'_>) -> Vec<f64> {
    let kept: Vec<f64> = (values.chunks_exact(cols).enumerate())
        .filter(|(r, _)| keep(3 * *r as u32 + 1))
        .map(|(_, row)| row[col])
        .collect();
    let mean = kept.iter().sum::<f64>() / kept.len() as f64;
    kept.iter().map(|v| v - mean).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// The definition of each score, written out on dense aligned contributions.
fn dense(case: &Case, unit: &Group, kind: ScoreKind, keep: Keep<'_>) -> f64 {
    let (each, total) = case.synthetic.aligned(&case.alignment);
    let mut own = vec![0.0; total.len()];
    for &i in &unit.components {
        own.iter_mut().zip(&each[i]).for_each(|(o, v)| *o += v);
    }
    let whole: f64 = (0..WIDTH)
        .map(|k| column(&own, WIDTH, k, keep))
        .map(|c| dot(&c, &c))
        .sum();
    let project = |values: &[f64], a: usize| -> Vec<f64> {
        let axis = &case.basis.axes[a * WIDTH..(a + 1) * WIDTH];
        values
            .chunks_exact(WIDTH)
            .map(|row| dot(row, axis))
            .collect()
    };
    let axes = case.basis.len();
    let (mut correlations, mut ss, mut st, mut tt, mut ranks) = (0.0, 0.0, 0.0, 0.0, 0.0);
    let mut n = 0.0;
    for a in 0..axes {
        let s = column(&project(&own, a), 1, 0, keep);
        let t = column(&project(&total, a), 1, 0, keep);
        n = s.len() as f64;
        correlations += dot(&s, &t) / (dot(&s, &s) * dot(&t, &t)).sqrt();
        (ss, st, tt) = (ss + dot(&s, &s), st + dot(&s, &t), tt + dot(&t, &t));
        let rank = |v: &[f64]| -> Vec<f64> {
            let below = |x: f64| v.iter().filter(|&&y| y < x).count() as f64;
            v.iter().map(|&x| below(x) - (n - 1.0) / 2.0).collect()
        };
        let (s, t) = (rank(&s), rank(&t));
        ranks += dot(&s, &t) / (dot(&s, &s) * dot(&t, &t)).sqrt();
    }
    match kind {
        ScoreKind::Correlation => correlations / axes as f64,
        ScoreKind::CorrelationAsReleased => correlations / axes as f64 * (n - 1.0) / n,
        ScoreKind::VarianceShare => ss / whole,
        ScoreKind::CovarianceShare => st / tt,
        ScoreKind::TraceCorrelation => st / (ss * tt).sqrt(),
        ScoreKind::Spearman => ranks / axes as f64,
    }
}

const KINDS: [ScoreKind; 6] = [
    ScoreKind::Correlation,
    ScoreKind::CorrelationAsReleased,
    ScoreKind::VarianceShare,
    ScoreKind::CovarianceShare,
    ScoreKind::TraceCorrelation,
    ScoreKind::Spearman,
];

#[test]
fn scores_equal_their_definitions() {
    let case = case();
    let keep = |id: u32| !id.is_multiple_of(5);
    let mut units = singles();
    units.push(Group {
        name: "layer".to_owned(),
        components: vec![1, 3],
    });
    let varying = |unit: &&Group| unit.components != [WIDTHS.len() - 1];
    for kind in KINDS {
        let scanned = case.scan(&units, kind, &keep);
        assert_eq!(
            scanned.images,
            case.synthetic.ids().iter().filter(|&&id| keep(id)).count() as u64
        );
        let counted = (kind != ScoreKind::Spearman).then(|| {
            score_from_moments(&case.moments(&keep), &case.aligned, &case.basis, kind)
                .expect("enough images")
        });
        for (u, unit) in units.iter().enumerate().filter(|(_, u)| varying(u)) {
            let want = dense(&case, unit, kind, &keep);
            let got = scanned.scores[u][0];
            assert!(
                (got - want).abs() < 1e-6,
                "{kind} {}: {got} {want}",
                unit.name
            );
            if let Some(counted) = counted.as_ref().filter(|c| u < c.len()) {
                assert!((counted[u] - want).abs() < 1e-6, "{kind} {}", unit.name);
            }
        }
    }
}

#[test]
fn a_constant_component_scores_exactly_zero() {
    let case = case();
    let constant = WIDTHS.len() - 1;
    let moments = case.moments(&every_image);
    for kind in KINDS {
        assert_eq!(
            case.scan(&singles(), kind, &every_image).scores[constant][0],
            0.0
        );
        if kind != ScoreKind::Spearman {
            let scores = score_from_moments(&moments, &case.aligned, &case.basis, kind);
            assert_eq!(scores.expect("enough images")[constant], 0.0);
        }
    }
}

#[test]
fn covariance_shares_sum_to_one_and_the_total_correlates_with_itself() {
    let case = case();
    let shares = case.scan(&singles(), ScoreKind::CovarianceShare, &every_image);
    let sum: f64 = shares.scores.iter().map(|s| s[0]).sum();
    assert!((sum - 1.0).abs() < 1e-9);
    let everything = [Group {
        name: "z".to_owned(),
        components: (0..WIDTHS.len()).collect(),
    }];
    let score = |kind| case.scan(&everything, kind, &every_image).scores[0][0];
    assert!((score(ScoreKind::Correlation) - 1.0).abs() < 1e-9);
    let released = score(ScoreKind::CorrelationAsReleased);
    assert!((released - (IMAGES as f64 - 1.0) / IMAGES as f64).abs() < 1e-9);
}

#[test]
fn merged_shards_equal_one_run() {
    let case = case();
    let whole = case.moments(&every_image);
    let mut merged = Moments::empty(&WIDTHS, WIDTH);
    for shard in 0..3 {
        merged
            .merge(&case.moments(&|id| id / 3 % 3 == shard))
            .expect("one model");
    }
    assert_eq!(merged.n, IMAGES as u64);
    let names: Vec<String> = (0..WIDTHS.len()).map(|i| format!("c{i}")).collect();
    for ((name, _, a), (_, _, b)) in merged
        .to_tensors(&names)
        .iter()
        .zip(whole.to_tensors(&names))
    {
        let scale = b.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        for (x, y) in a.iter().zip(&b) {
            assert!((x - y).abs() <= 1e-12 * scale, "{name}: {x} {y}");
        }
    }
    let other = Moments::empty(&WIDTHS[1..], WIDTH);
    assert_eq!(merged.merge(&other), Err(MomentsError::Mismatch));
}

#[test]
fn moments_read_back_from_named_tensors() {
    let moments = case().moments(&every_image);
    let names: Vec<String> = (0..WIDTHS.len()).map(|i| format!("c{i}")).collect();
    let tensors = moments.to_tensors(&names);
    let find = |name: &str| {
        let found = tensors.iter().find(|(n, _, _)| n == name)?;
        Some((found.1.clone(), found.2.clone().into()))
    };
    let read = Moments::from_tensors(&names, &WIDTHS, WIDTH, &find);
    assert_eq!(read.as_ref(), Ok(&moments));
    let without = |name: &str| {
        if name == "c3.second" {
            None
        } else {
            find(name)
        }
    };
    let said = Moments::from_tensors(&names, &WIDTHS, WIDTH, &without).expect_err("one missing");
    assert_eq!(
        said.to_string(),
        "the moments hold no tensor “c3.second” of shape [9, 9]; gather them again"
    );
}

#[test]
fn one_image_or_rank_correlation_from_moments_is_refused_in_words() {
    let case = case();
    let one = case.moments(&|id| id == 1);
    let score = |moments: &Moments, kind| {
        score_from_moments(moments, &case.aligned, &case.basis, kind)
            .expect_err("refused")
            .to_string()
    };
    assert_eq!(
        score(&one, ScoreKind::Correlation),
        "a score needs at least 2 images; 1 take part"
    );
    assert_eq!(
        score(&case.moments(&every_image), ScoreKind::Spearman),
        "spearman needs the images themselves, not only their moments; scan the set instead"
    );
}

#[test]
fn scores_equal_numpy() {
    let (components, images, width) = (6, 40, 16);
    let read = |name: &str| golden("scores.safetensors", name);
    let dense = read("contributions");
    let slabs: Vec<Vec<f32>> = dense.chunks(images * width).map(narrow).collect();
    // Rows that are contributions already: every map is the identity.
    let mut identity = vec![0.0; width * width];
    (0..width).for_each(|i| identity[i * width + i] = 1.0);
    let spec = |i| RowSpec {
        component: Component::mlp(i),
        width,
    };
    let total = |k: usize| slabs.iter().map(|slab| slab[k]).sum();
    let rows = Rows {
        ids: (0..images as u32).collect(),
        z: (0..images * width).map(total).collect(),
        slabs,
    };
    let specs = (0..components).map(spec).collect();
    let maps = vec![identity; components];
    let held = InMemory::new(specs, maps, width, vec![rows]).expect("shapes agree");
    let aligned = Aligned::new(&held, &Alignment::identity(width));
    let cancel = Cancel::default();
    let moments = gather_moments(&held, &aligned, &every_image, &cancel, &Silent).expect("gathers");

    let texts = narrow(&read("texts"));
    let reversed: Vec<f32> = texts.chunks(width).rev().flatten().copied().collect();
    let in_order = TextBasis::in_list_order(&texts, width);
    let backwards = TextBasis::in_list_order(&reversed, width);
    let symmetric = TextBasis::order_free(&texts, width);
    for (basis, kind, golden) in [
        (&in_order, ScoreKind::Correlation, "score_gram_schmidt"),
        (
            &in_order,
            ScoreKind::CorrelationAsReleased,
            "score_gram_schmidt_published",
        ),
        (&in_order, ScoreKind::Spearman, "spearman_gram_schmidt"),
        (&in_order, ScoreKind::VarianceShare, "variance_explained"),
        (&in_order, ScoreKind::CovarianceShare, "covariance_share"),
        (
            &backwards,
            ScoreKind::Correlation,
            "score_gram_schmidt_reversed",
        ),
        (
            &backwards,
            ScoreKind::Spearman,
            "spearman_gram_schmidt_reversed",
        ),
        (&symmetric, ScoreKind::Correlation, "score_symmetric"),
        (
            &symmetric,
            ScoreKind::CorrelationAsReleased,
            "score_symmetric_published",
        ),
        (&symmetric, ScoreKind::Spearman, "spearman_symmetric"),
    ] {
        let units: Vec<Group> = (0..components)
            .map(|i| Group {
                name: format!("mlp {i}"),
                components: vec![i],
            })
            .collect();
        let feature = std::slice::from_ref(basis);
        let scanned = scan_scores(
            &held,
            &aligned,
            &units,
            feature,
            kind,
            &every_image,
            &cancel,
            &Silent,
        )
        .expect("scans");
        let counted = score_from_moments(&moments, &aligned, basis, kind);
        for (i, want) in read(golden).iter().enumerate() {
            let got = scanned.scores[i][0];
            assert!((got - want).abs() < 1e-6, "{golden} {i}: {got} {want}");
            if let Ok(counted) = &counted {
                assert!((counted[i] - want).abs() < 1e-6, "{golden} {i}");
            }
        }
    }
}
