//! The control of every ablation: as many random components of the same kinds.

use crate::align::Random;
use crate::decompose::{ComponentKind, RowSpec};

/// How many random choices are drawn.
pub const DRAWS: usize = 20;

/// For every choice of components as many random ones of each kind, [`DRAWS`] times: `[draw][choice]`. In one draw, a
/// larger choice's control holds the smaller one's.
#[must_use]
pub fn random_like(specs: &[RowSpec], choices: &[Vec<usize>], seed: u64) -> Vec<Vec<Vec<usize>>> {
    let mut random = Random::new(seed);
    let mut kinds: Vec<ComponentKind> = Vec::new();
    for spec in specs {
        if !kinds.contains(&spec.component.kind) {
            kinds.push(spec.component.kind);
        }
    }
    let draw = |random: &mut Random| {
        let of_kind = |kind: &ComponentKind| {
            let mut own: Vec<usize> = (0..specs.len())
                .filter(|&i| specs[i].component.kind == *kind)
                .collect();
            random.shuffle(&mut own);
            own
        };
        let shuffled: Vec<Vec<usize>> = kinds.iter().map(of_kind).collect();
        let like = |choice: &Vec<usize>| {
            let count = |kind: ComponentKind| {
                choice
                    .iter()
                    .filter(|&&i| specs[i].component.kind == kind)
                    .count()
            };
            let of_kind = |(kind, own): (&ComponentKind, &Vec<usize>)| own[..count(*kind)].to_vec();
            kinds.iter().zip(&shuffled).flat_map(of_kind).collect()
        };
        choices.iter().map(like).collect()
    };
    (0..DRAWS).map(|_| draw(&mut random)).collect()
}

/// Mean and standard deviation (n − 1) of some numbers, counted from the first: equal ones deviate by nothing at all.
#[must_use]
pub fn mean_and_sd(numbers: &[f64]) -> (f64, f64) {
    let n = numbers.len() as f64;
    let first = numbers.first().copied().unwrap_or_default();
    let mean = first + numbers.iter().map(|v| v - first).sum::<f64>() / n.max(1.0);
    let square = numbers.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
    (mean, (square / (n - 1.0).max(1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decompose::Component;

    #[test]
    fn controls_have_as_many_components_of_each_kind() {
        let heads = (0..4).flat_map(|layer| (0..2).map(move |head| Component::head(layer, head)));
        let components = heads.chain((0..4).map(Component::mlp));
        let specs: Vec<RowSpec> = components
            .map(|component| RowSpec {
                component,
                width: 1,
            })
            .collect();
        let choices = [vec![0, 9], vec![0, 1, 9, 5]];
        let drawn = random_like(&specs, &choices, 3);
        assert_eq!(drawn.len(), DRAWS);
        for draw in &drawn {
            let count =
                |choice: &[usize], mlps: bool| choice.iter().filter(|&&i| (i >= 8) == mlps).count();
            assert_eq!((count(&draw[0], false), count(&draw[0], true)), (1, 1));
            assert_eq!((count(&draw[1], false), count(&draw[1], true)), (3, 1));
            assert!(draw[0].iter().all(|i| draw[1].contains(i)));
        }
        assert!(drawn.iter().any(|draw| draw != &drawn[0]));
        assert_eq!(mean_and_sd(&[1.0, 3.0]), (2.0, 2f64.sqrt()));
        assert_eq!(mean_and_sd(&[0.1; 20]), (0.1, 0.0));
    }
}
