//! From what was written to what is meant: every name looked up in the catalog, every number checked, every default
//! filled in. Nothing runs before this has succeeded for the whole statement.

mod conditions;
mod names;
mod question;
mod settings;
mod stages;
mod units;

use super::ast::{self, Body, Listing, Slot, Statement};
use super::catalog::{Catalog, ModelInfo, Settings};
use super::error::ResolveError;
use super::expect::Role;
use super::help;
use super::query::{Described, Query, Shown, Task};
use super::span::{Span, Spanned};

pub use self::settings::{FORMATS, KEYS, PICTURES, choices};
pub use self::stages::answer_columns;

/// What resolving gives.
type Resolved<T> = Result<T, ResolveError>;

/// Looks up everything a statement names.
///
/// # Errors
/// The first thing that isn't known, fits or exists, with its span.
pub fn resolve(
    statement: &Spanned<Statement>,
    catalog: &Catalog,
    settings: &Settings,
) -> Result<Query, ResolveError> {
    let mut resolver = Resolver {
        catalog,
        settings,
        notes: Vec::new(),
    };
    resolver.statement(&statement.value)
}

/// Looks names up and gathers notes on how the statement was read.
struct Resolver<'a> {
    catalog: &'a Catalog,
    settings: &'a Settings,
    notes: Vec<String>,
}

impl<'a> Resolver<'a> {
    fn statement(&mut self, statement: &Statement) -> Resolved<Query> {
        let task = self.task(&statement.body)?;
        let stages = self.stages(&statement.stages, answer_columns(&task, self.catalog))?;
        let into = statement.into.as_ref().map(|name| self.name(name));
        Ok(Query {
            task,
            stages,
            into: into.transpose()?,
            notes: std::mem::take(&mut self.notes),
        })
    }

    fn task(&mut self, body: &Body) -> Resolved<Task> {
        Ok(match body {
            Body::AddModel { name, path } => Task::AddModel {
                name: self.name(name)?,
                path: self.text(path)?,
            },
            Body::AddImages { name, path, labels } => Task::AddImages {
                name: self.name(name)?,
                path: self.text(path)?,
                labels: labels.as_ref().map(|l| self.text(l)).transpose()?,
            },
            Body::Decompose {
                set,
                models,
                options,
            } => self.decompose(set, models, options)?,
            Body::Align {
                model,
                clip,
                on,
                lambda,
                seed,
            } => {
                let model = self.to_align(model)?;
                Task::Align {
                    clip: self.clip(clip)?,
                    set: self.decomposed(model, on.as_ref())?,
                    model: model.value.name.clone(),
                    lambda: lambda.as_ref().map(|x| self.weight(x)).transpose()?,
                    seed: self.seed(seed.as_ref())?,
                }
            }
            Body::Sweep(sweep) => self.sweep(sweep)?,
            Body::Define(None) => Task::Show(Shown::Features),
            Body::Define(Some((name, texts))) => Task::Define {
                name: self.text(name)?,
                texts: self.texts(texts)?,
            },
            Body::Show(listing) => Task::Show(self.listing(listing)?),
            Body::Describe(name) => Task::Describe(self.thing(name)?),
            Body::DescribeUnit { unit, model } => {
                let model = self.model(model)?;
                Task::Describe(Described::Unit {
                    units: self.units(unit, model.value)?,
                    model: model.value.name.clone(),
                })
            }
            Body::Check { model, on } => {
                let model = self.model(model)?;
                Task::Check {
                    set: self.set_for(model, on.as_ref())?,
                    model: model.value.name.clone(),
                }
            }
            Body::Drop { model, set } => self.drop(model, set)?,
            Body::Set { key, value } => Task::Set(self.setting(key, value)?),
            Body::Let { name, value } => Task::Let {
                name: self.name(name)?,
                value: self.value(value)?,
            },
            Body::Run(path) => Task::Run(self.text(path)?),
            Body::Help(topic) => Task::Help(topic.as_ref().map(|t| self.topic(t)).transpose()?),
            Body::Sql(slot) => self.sql(slot)?,
            Body::From(name) => Task::From(self.result(name)?.name.clone()),
            Body::Explain(inner) => Task::Explain(Box::new(self.statement(&inner.value)?)),
            Body::Quit => Task::Quit,
            Body::Ask(question) => Task::Ask(Box::new(self.question(question)?)),
        })
    }

    fn decompose(
        &mut self,
        set: &Slot,
        models: &[Slot],
        options: &ast::DecomposeOptions,
    ) -> Resolved<Task> {
        let count = |slot: &Option<Slot>| slot.as_ref().map(|n| self.count(n)).transpose();
        let (batch, last_layers) = (count(&options.batch)?, count(&options.last_layers)?);
        let mut names: Vec<String> = Vec::new();
        for model in models {
            let name = &self.model(model)?.value.name;
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        Ok(Task::Decompose {
            set: self.set(set)?.value.name.clone(),
            models: names,
            precision: options.precision,
            forward: options.forward,
            batch,
            last_layers,
            tokens: options.tokens,
        })
    }

    /// A model that can be aligned: not a CLIP model, which needs none.
    fn to_align(&self, model: &Slot) -> Resolved<Spanned<&'a ModelInfo>> {
        let model = self.model(model)?;
        if model.value.is_clip {
            return Err(ResolveError::WrongValue {
                message: format!(
                    "{} is a CLIP model: its representation is CLIP's already",
                    model.value.name
                ),
                expected: "a model to align".to_owned(),
                span: model.span,
            });
        }
        Ok(model)
    }

    fn sweep(&mut self, sweep: &ast::Sweep) -> Resolved<Task> {
        let ast::Sweep {
            from,
            to,
            model,
            clip,
            on,
            seed,
        } = sweep;
        let (low, high) = (self.weight(from)?, self.weight(to)?);
        if low <= 0.0 || high <= low {
            return Err(ResolveError::WrongValue {
                message: "the second lambda of a sweep must be greater than the first, and that greater than 0"
                    .to_owned(),
                expected: "a greater number".to_owned(),
                span: to.span,
            });
        }
        let model = match model {
            Some(model) => self.to_align(model)?,
            None => self.only_model_to_align(from.span)?,
        };
        let clip = match clip {
            Some(clip) => self.clip(clip)?,
            None => self.default_clip(model)?,
        };
        Ok(Task::Sweep {
            from: low,
            to: high,
            set: self.decomposed(model, on.as_ref())?,
            model: model.value.name.clone(),
            clip,
            seed: self.seed(seed.as_ref())?,
        })
    }

    fn sql(&self, slot: &Slot) -> Resolved<Task> {
        let text = self.text(slot)?;
        let Span { start, end } = slot.span;
        let as_written = matches!(slot.value, ast::Value::Text(_)) && end - start == text.len() + 2;
        Ok(Task::Sql {
            from: as_written.then_some(start + 1),
            text,
        })
    }

    fn listing(&self, listing: &Listing) -> Resolved<Shown> {
        Ok(match listing {
            Listing::Models => Shown::Models,
            Listing::Images => Shown::Images,
            Listing::Features => Shown::Features,
            Listing::Results => Shown::Results,
            Listing::Settings => Shown::Settings,
            Listing::Units(model) => Shown::Units(self.model(model)?.value.name.clone()),
        })
    }

    fn thing(&self, slot: &Slot) -> Resolved<Described> {
        let name = self.name(slot)?;
        let catalog = self.catalog;
        if let Some(model) = catalog.model(&name) {
            return Ok(Described::Model(model.name.clone()));
        }
        if let Some(set) = catalog.set(&name) {
            return Ok(Described::Set(set.name.clone()));
        }
        if let Some(feature) = catalog.feature(&name) {
            return Ok(Described::Feature(feature.name.clone()));
        }
        if let Some(result) = catalog.result(&name) {
            return Ok(Described::Result(result.name.clone()));
        }
        let models = catalog.models.iter().map(|m| m.name.clone());
        let sets = catalog.sets.iter().map(|s| s.name.clone());
        let features = catalog.features.iter().map(|f| f.name.clone());
        let results = catalog.results.iter().map(|r| r.name.clone());
        let known = models.chain(sets).chain(features).chain(results).collect();
        Err(names::unknown(Role::Thing, name, known, slot.span))
    }

    fn drop(&self, model: &Slot, set: &Slot) -> Resolved<Task> {
        let model = self.model(model)?.value;
        let span = set.span;
        let set = &self.set(set)?.value.name;
        if !model.decomposed_on.contains(set) {
            return Err(ResolveError::NothingToDrop {
                model: model.name.clone(),
                set: set.clone(),
                span,
            });
        }
        Ok(Task::Drop {
            model: model.name.clone(),
            set: set.clone(),
        })
    }

    fn topic(&self, slot: &Slot) -> Resolved<&'static str> {
        let name = self.name(slot)?;
        let topic = help::topic(&name).map(|topic| topic.name);
        topic.ok_or_else(|| {
            let known = help::TOPICS.iter().map(|topic| topic.name.to_owned());
            names::unknown(Role::Topic, name, known.collect(), slot.span)
        })
    }
}
