//! Single names and values: variables put in, names looked up, and the set and CLIP model of a statement that doesn't
//! say them.

use super::super::ast::{Slot, Value};
use super::super::catalog::{ModelInfo, ResultInfo, SetInfo};
use super::super::error::ResolveError;
use super::super::expect::Role;
use super::super::span::{Span, Spanned};
use super::super::suggest::nearest;
use super::{Resolved, Resolver};

/// Whole numbers beyond this can't be told apart as they are written.
const LARGEST_COUNT: f64 = 9_007_199_254_740_992.0;

/// The error for a name that names nothing.
pub(super) fn unknown(role: Role, name: String, known: Vec<String>, span: Span) -> ResolveError {
    ResolveError::Unknown {
        role,
        nearest: nearest(&name, known.iter().map(String::as_str)).map(str::to_owned),
        name,
        known,
        span,
    }
}

/// The error for a value of the wrong sort.
pub(super) fn wrong(message: String, expected: &str, span: Span) -> ResolveError {
    ResolveError::WrongValue {
        message,
        expected: expected.to_owned(),
        span,
    }
}

impl<'a> Resolver<'a> {
    /// The value of a slot, its variable put in.
    pub(super) fn value(&self, slot: &Slot) -> Resolved<Value> {
        let Value::Variable(name) = &slot.value else {
            return Ok(slot.value.clone());
        };
        let variables = &self.settings.variables;
        variables.get(name).cloned().ok_or_else(|| {
            let known = variables.keys().cloned().collect();
            unknown(Role::Variable, name.clone(), known, slot.span)
        })
    }

    /// A name.
    pub(super) fn name(&self, slot: &Slot) -> Resolved<String> {
        match self.value(slot)? {
            Value::Word(word) | Value::Text(word) => Ok(word),
            other => Err(wrong(format!("{other} is no name"), "a name", slot.span)),
        }
    }

    /// A text that isn't empty.
    pub(super) fn text(&self, slot: &Slot) -> Resolved<String> {
        let text = match self.value(slot)? {
            Value::Text(text) | Value::Word(text) => text,
            other => {
                let message = format!("{other} is no text");
                return Err(wrong(message, "a quoted text", slot.span));
            }
        };
        if text.trim().is_empty() {
            let message = "this text is empty".to_owned();
            return Err(wrong(message, "some words", slot.span));
        }
        Ok(text)
    }

    /// Texts that aren't empty.
    pub(super) fn texts(&self, slots: &[Slot]) -> Resolved<Vec<String>> {
        slots.iter().map(|slot| self.text(slot)).collect()
    }

    /// A whole number from 0.
    fn whole(&self, slot: &Slot, least: f64) -> Resolved<u64> {
        let expected = format!("a whole number from {least}");
        match self.value(slot)? {
            Value::Number(n) if n.fract() == 0.0 && n >= least && n <= LARGEST_COUNT => {
                Ok(n as u64)
            }
            other => {
                let message = format!("{other} doesn't count anything");
                Err(wrong(message, &expected, slot.span))
            }
        }
    }

    /// A whole number from 1.
    pub(super) fn count(&self, slot: &Slot) -> Resolved<usize> {
        Ok(self.whole(slot, 1.0)? as usize)
    }

    /// A row number, from 0.
    pub(super) fn row(&self, slot: &Slot) -> Resolved<usize> {
        Ok(self.whole(slot, 0.0)? as usize)
    }

    /// The seed of a statement, or the session's.
    pub(super) fn seed(&self, slot: Option<&Slot>) -> Resolved<Option<u64>> {
        let given = slot.map(|slot| self.whole(slot, 0.0)).transpose()?;
        Ok(given.or(self.settings.seed))
    }

    /// A weight such as lambda: a number that isn't negative.
    pub(super) fn weight(&self, slot: &Slot) -> Resolved<f64> {
        match self.value(slot)? {
            Value::Number(number) if number >= 0.0 => Ok(number),
            other => {
                let message = format!("{other} can't weigh anything");
                Err(wrong(message, "a number from 0", slot.span))
            }
        }
    }

    pub(super) fn model(&self, slot: &Slot) -> Resolved<Spanned<&'a ModelInfo>> {
        let name = self.name(slot)?;
        let found = self.catalog.model(&name);
        let found = found.ok_or_else(|| {
            let known = self.catalog.models.iter().map(|m| m.name.clone());
            unknown(Role::Model, name, known.collect(), slot.span)
        })?;
        Ok(Spanned::new(found, slot.span))
    }

    pub(super) fn set(&self, slot: &Slot) -> Resolved<Spanned<&'a SetInfo>> {
        let name = self.name(slot)?;
        let found = self.catalog.set(&name);
        let found = found.ok_or_else(|| {
            let known = self.catalog.sets.iter().map(|s| s.name.clone());
            unknown(Role::Set, name, known.collect(), slot.span)
        })?;
        Ok(Spanned::new(found, slot.span))
    }

    pub(super) fn result(&self, slot: &Slot) -> Resolved<&'a ResultInfo> {
        let name = self.name(slot)?;
        self.catalog.result(&name).ok_or_else(|| {
            let known = self.catalog.results.iter().map(|r| r.name.clone());
            unknown(Role::Result, name, known.collect(), slot.span)
        })
    }

    /// A model with a text tower.
    pub(super) fn clip(&self, slot: &Slot) -> Resolved<String> {
        let name = self.name(slot)?;
        let clips = self.clips();
        match self.catalog.model(&name) {
            Some(model) if model.is_clip => Ok(model.name.clone()),
            Some(model) => Err(ResolveError::NotClip {
                model: model.name.clone(),
                clips,
                span: slot.span,
            }),
            None => Err(unknown(Role::Clip, name, clips, slot.span)),
        }
    }

    fn clips(&self) -> Vec<String> {
        let clips = self.catalog.models.iter().filter(|model| model.is_clip);
        clips.map(|model| model.name.clone()).collect()
    }

    /// The CLIP model a new alignment is fitted to: the session's, else the first.
    pub(super) fn default_clip(&self, model: Spanned<&ModelInfo>) -> Resolved<String> {
        let clips = self.clips();
        let set = self.settings.clip.as_ref().filter(|c| clips.contains(c));
        let first = set.or(clips.first()).cloned();
        first.ok_or_else(|| ResolveError::NotClip {
            model: model.value.name.clone(),
            clips,
            span: model.span,
        })
    }

    /// The only model that can be aligned.
    pub(super) fn only_model_to_align(&self, span: Span) -> Resolved<Spanned<&'a ModelInfo>> {
        let models = self.catalog.models.iter().filter(|model| !model.is_clip);
        match models.collect::<Vec<_>>().as_slice() {
            [one] => Ok(Spanned::new(one, span)),
            several => Err(ResolveError::WhichModel {
                choices: several.iter().map(|model| model.name.clone()).collect(),
                span,
            }),
        }
    }

    /// The set that a statement about a model means: the one it names, else the session's, else the only one, else the
    /// only one that the model is decomposed on.
    pub(super) fn set_for(
        &self,
        model: Spanned<&ModelInfo>,
        on: Option<&Slot>,
    ) -> Resolved<String> {
        if let Some(on) = on {
            return Ok(self.set(on)?.value.name.clone());
        }
        let sets = &self.catalog.sets;
        let chosen = self.settings.set.as_ref();
        if let Some(set) = chosen.and_then(|name| self.catalog.set(name)) {
            return Ok(set.name.clone());
        }
        let decomposed = &model.value.decomposed_on;
        match (sets.as_slice(), decomposed.as_slice()) {
            ([], _) => Err(ResolveError::NoSets { span: model.span }),
            ([only], _) => Ok(only.name.clone()),
            (_, [only]) => Ok(only.clone()),
            _ => Err(ResolveError::WhichSet {
                model: model.value.name.clone(),
                choices: if decomposed.is_empty() {
                    sets.iter().map(|set| set.name.clone()).collect()
                } else {
                    decomposed.clone()
                },
                span: model.span,
            }),
        }
    }

    /// As [`Self::set_for`], and the model's decomposition of it is stored.
    pub(super) fn decomposed(
        &self,
        model: Spanned<&ModelInfo>,
        on: Option<&Slot>,
    ) -> Resolved<String> {
        let set = self.set_for(model, on)?;
        if model.value.decomposed_on.contains(&set) {
            return Ok(set);
        }
        Err(ResolveError::NotDecomposed {
            model: model.value.name.clone(),
            set,
            span: on.map_or(model.span, |on| on.span),
        })
    }

    /// The CLIP model that texts reach a model through: itself if it is one, else the one it is aligned to on that set;
    /// of several the session's, else the first.
    pub(super) fn clip_for(&self, model: Spanned<&ModelInfo>, set: &str) -> Resolved<String> {
        if model.value.is_clip {
            return Ok(model.value.name.clone());
        }
        let alignments = model.value.aligned.iter().filter(|a| a.set == set);
        let aligned: Vec<&String> = alignments.map(|alignment| &alignment.clip).collect();
        let chosen = self.settings.clip.as_ref();
        let preferred = aligned.iter().find(|clip| Some(**clip) == chosen);
        let clip = preferred.or(aligned.first());
        clip.map(|clip| (*clip).clone())
            .ok_or_else(|| ResolveError::NotAligned {
                model: model.value.name.clone(),
                set: set.to_owned(),
                clip: self.default_clip(model).ok(),
                span: model.span,
            })
    }
}
