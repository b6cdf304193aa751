//! Models, sets and results by name, and the set and CLIP model of a statement that doesn't say them.

use super::names::{Names, Resolved};
use super::values::{unknown, wrong};
use crate::lang::ast::Slot;
use crate::lang::catalog::{ModelInfo, ResultInfo, SetInfo};
use crate::lang::error::ResolveError;
use crate::lang::expect::Role;
use crate::lang::span::{Span, Spanned};

impl<'a> Names<'a> {
    /// A model.
    pub fn model(&self, slot: &Slot) -> Resolved<Spanned<&'a ModelInfo>> {
        let name = self.name(slot)?;
        let found = self.catalog.model(&name);
        let found = found.ok_or_else(|| {
            let known = self.catalog.models.iter().map(|m| m.name.clone());
            unknown(Role::Model, name, known.collect(), slot.span)
        })?;
        Ok(Spanned::new(found, slot.span))
    }

    /// An image set.
    pub fn set(&self, slot: &Slot) -> Resolved<Spanned<&'a SetInfo>> {
        let name = self.name(slot)?;
        let found = self.catalog.set(&name);
        let found = found.ok_or_else(|| {
            let known = self.catalog.sets.iter().map(|s| s.name.clone());
            unknown(Role::Set, name, known.collect(), slot.span)
        })?;
        Ok(Spanned::new(found, slot.span))
    }

    /// An earlier answer.
    pub fn result(&self, slot: &Slot) -> Resolved<&'a ResultInfo> {
        let name = self.name(slot)?;
        self.catalog.result(&name).ok_or_else(|| {
            let known = self.catalog.results.iter().map(|r| r.name.clone());
            unknown(Role::Result, name, known.collect(), slot.span)
        })
    }

    /// A model with a text tower.
    pub fn clip(&self, slot: &Slot) -> Resolved<String> {
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
    pub fn default_clip(&self, model: Spanned<&ModelInfo>) -> Resolved<String> {
        let clips = self.clips();
        let set = self.settings.clip.as_ref().filter(|c| clips.contains(c));
        let first = set.or(clips.first()).cloned();
        first.ok_or_else(|| ResolveError::NotClip {
            model: model.value.name.clone(),
            clips,
            span: model.span,
        })
    }

    /// A model that can be aligned: not a CLIP model, which needs none.
    pub fn model_to_align(&self, slot: &Slot) -> Resolved<Spanned<&'a ModelInfo>> {
        let model = self.model(slot)?;
        if model.value.is_clip {
            let name = &model.value.name;
            let message = format!("{name} is a CLIP model: its representation is CLIP's already");
            return Err(wrong(message, "a model to align", model.span));
        }
        Ok(model)
    }

    /// The only model that can be aligned.
    pub fn only_model_to_align(&self, span: Span) -> Resolved<Spanned<&'a ModelInfo>> {
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
    pub fn set_for(&self, model: Spanned<&ModelInfo>, on: Option<&Slot>) -> Resolved<String> {
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
    pub fn set_decomposed_with(
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
    pub fn clip_for(&self, model: Spanned<&ModelInfo>, set: &str) -> Resolved<String> {
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
