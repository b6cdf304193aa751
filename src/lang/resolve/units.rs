//! Units: from `heads 4.0 to 5.3` to the heads of a particular model, in range and in order.

use super::names::{Names, Resolved};
use crate::decompose::Component;
use crate::lang::ast::{Place, PlacePart, UnitKind, Units};
use crate::lang::catalog::ModelInfo;
use crate::lang::error::ResolveError;
use crate::lang::query::Unit;
use crate::lang::span::{Span, Spanned};

impl Names<'_> {
    /// The units of a model that are meant, each once, in the order written.
    pub fn all_units(&self, written: &[&Spanned<Units>], model: &ModelInfo) -> Resolved<Vec<Unit>> {
        let mut found = Vec::new();
        for units in written {
            for unit in self.units(units, model)? {
                if !found.contains(&unit) {
                    found.push(unit);
                }
            }
        }
        Ok(found)
    }

    /// The units that one phrase means.
    pub fn units(&self, units: &Spanned<Units>, model: &ModelInfo) -> Resolved<Vec<Unit>> {
        let phrase = Phrase {
            units: &units.value,
            span: units.span,
            model,
        };
        let components = |all: Vec<Component>| all.into_iter().map(Unit::Component).collect();
        let found: Vec<Unit> = match units.value.kind {
            UnitKind::Head => components(phrase.heads()?),
            UnitKind::Mlp => components(phrase.numbered(model.mlps, "MLP", Component::mlp)?),
            UnitKind::Conv => {
                components(phrase.numbered(model.convs, "convolution branch", Component::conv)?)
            }
            UnitKind::Layer => {
                phrase.numbered(model.layers(), "layer", |layer| Unit::Layer(layer as u16))?
            }
            UnitKind::Neuron => phrase.neurons()?,
            UnitKind::Token => vec![Unit::Tokens],
            UnitKind::Init => components(vec![Component::init()]),
            UnitKind::Bias => components(vec![Component::bias()]),
            UnitKind::Component => components(every_component(model)),
        };
        if found.is_empty() {
            return Err(phrase.out_of_range(format!("no {}", units.value.kind.word(false))));
        }
        Ok(found)
    }
}

/// Init, then each layer's heads and MLP, then convolution branches, then bias.
fn every_component(model: &ModelInfo) -> Vec<Component> {
    let mut all = vec![Component::init()];
    for layer in 0..usize::from(model.layers()) {
        let heads = model.heads.get(layer).copied().unwrap_or(0);
        all.extend((0..usize::from(heads)).map(|head| Component::head(layer, head)));
        if layer < usize::from(model.mlps) {
            all.push(Component::mlp(layer));
        }
    }
    all.extend((0..usize::from(model.convs)).map(Component::conv));
    all.push(Component::bias());
    all
}

/// Units as written, about a model.
struct Phrase<'a> {
    units: &'a Units,
    span: Span,
    model: &'a ModelInfo,
}

impl Phrase<'_> {
    fn out_of_range(&self, has: String) -> ResolveError {
        ResolveError::OutOfRange {
            unit: self.units.to_string(),
            model: self.model.name.clone(),
            has,
            span: self.span,
        }
    }

    fn bad_place(&self, message: String, example: &str, span: Span) -> ResolveError {
        ResolveError::BadPlace {
            message,
            example: example.to_owned(),
            span,
        }
    }

    /// First and last place, in order, and whether they were written the other way round.
    fn ends(&self) -> Option<(Place, Place, bool)> {
        let from = self.units.from.as_ref()?.value;
        let to = self.units.to.as_ref().map_or(from, |to| to.value);
        let number = |place: Place| match place.part {
            PlacePart::One(part) => part,
            PlacePart::Unsaid | PlacePart::All => 0,
        };
        let backwards = (to.layer, number(to)) < (from.layer, number(from))
            && (to.layer < from.layer || matches!(to.part, PlacePart::One(_)));
        Some(if backwards {
            (to, from, true)
        } else {
            (from, to, false)
        })
    }

    fn heads(&self) -> Resolved<Vec<Component>> {
        let widths: Vec<u32> = self.model.heads.iter().map(|&n| u32::from(n)).collect();
        let places = self.parts(&widths, "head")?;
        let heads = places.into_iter().flat_map(|(layer, first, last)| {
            let layer = layer as usize;
            (first..=last).map(move |head| Component::head(layer, head as usize))
        });
        let mut heads: Vec<_> = heads.collect();
        if self.ends().is_some_and(|(.., backwards)| backwards) {
            heads.reverse();
        }
        Ok(heads)
    }

    fn neurons(&self) -> Resolved<Vec<Unit>> {
        let mlps = usize::from(self.model.mlps);
        let widths = if self.model.neurons.len() == mlps {
            self.model.neurons.clone()
        } else {
            vec![u32::MAX; mlps]
        };
        let places = self.parts(&widths, "neuron")?;
        let neurons = places.into_iter().map(|(layer, first, last)| {
            let all = first == 0 && last + 1 == widths[layer as usize];
            Unit::Neurons {
                layer: layer as u16,
                range: (!all).then_some((first, last)),
            }
        });
        Ok(neurons.collect())
    }

    /// Layer, first part and last part of everything meant, given how many parts each layer has.
    fn parts(&self, widths: &[u32], noun: &str) -> Resolved<Vec<(u32, u32, u32)>> {
        let whole = |layer: u32, width: u32| (width > 0).then(|| (layer, 0, width - 1));
        let Some((from, to, _)) = self.ends() else {
            let layers = (0..).zip(widths);
            return Ok(layers.filter_map(|(l, &w)| whole(l, w)).collect());
        };
        self.check_parts(widths, noun)?;
        let layers = (from.layer..=to.layer).zip(&widths[from.layer as usize..]);
        Ok(layers
            .filter_map(|(layer, &width)| {
                let (_, mut first, mut last) = whole(layer, width)?;
                if let (true, PlacePart::One(part)) = (layer == from.layer, from.part) {
                    first = part;
                }
                if let (true, PlacePart::One(part)) = (layer == to.layer, to.part) {
                    last = part;
                }
                Some((layer, first, last))
            })
            .collect())
    }

    /// Checks that both ends exist.
    fn check_parts(&self, widths: &[u32], noun: &str) -> Resolved<()> {
        for place in [&self.units.from, &self.units.to].into_iter().flatten() {
            let Place { layer, part } = place.value;
            if self.units.single && part == PlacePart::Unsaid {
                let message = format!("one {noun} needs its layer and its number");
                let example = format!("{noun} {layer}.0");
                return Err(self.bad_place(message, &example, self.span));
            }
            let Some(&width) = widths.get(layer as usize) else {
                return Err(self.out_of_range(counted(widths.len() as u32, "layer")));
            };
            if matches!(part, PlacePart::One(part) if part >= width) {
                let has = format!("{} in layer {layer}", how_many(width, noun));
                return Err(self.out_of_range(has));
            }
        }
        Ok(())
    }

    /// Units that are numbered by one number.
    fn numbered<T>(&self, count: u16, noun: &str, make: impl Fn(usize) -> T) -> Resolved<Vec<T>> {
        for place in [&self.units.from, &self.units.to].into_iter().flatten() {
            if place.value.part != PlacePart::Unsaid {
                let word = self.units.kind.word(true);
                let message = format!("{word} units have one number each");
                let example = format!("{word} {}", place.value.layer);
                return Err(self.bad_place(message, &example, place.span));
            }
            if place.value.layer >= u32::from(count) {
                return Err(self.out_of_range(counted(u32::from(count), noun)));
            }
        }
        let (first, last, backwards) = match self.ends() {
            Some((from, to, backwards)) => (from.layer, to.layer + 1, backwards),
            None => (0, u32::from(count), false),
        };
        let mut numbers: Vec<u32> = (first..last).collect();
        if backwards {
            numbers.reverse();
        }
        Ok(numbers.into_iter().map(|n| make(n as usize)).collect())
    }
}

fn how_many(count: u32, noun: &str) -> String {
    match (count, noun.strip_suffix("ch")) {
        (1, _) => format!("1 {noun}"),
        (_, Some(_)) => format!("{count} {noun}es"),
        _ => format!("{count} {noun}s"),
    }
}

/// `12 layers (0 to 11)`.
fn counted(count: u32, noun: &str) -> String {
    match count {
        0 | 1 => how_many(count, noun),
        _ => format!("{} (0 to {})", how_many(count, noun), count - 1),
    }
}
