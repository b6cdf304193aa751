//! Questions: for every model asked, its images, its CLIP model and its units; then concepts, conditions, selections.

use super::super::ast::{self, Asked, ImageRef, Joint, Slot, Value};
use super::super::catalog::{ModelInfo, SetInfo};
use super::super::error::ResolveError;
use super::super::expect::Role;
use super::super::filter::Filter;
use super::super::query::{
    Concept, Image, Measure, Question, Score, Selection, Target, Template, Term, Unit,
};
use super::super::span::Spanned;
use super::conditions::{self, Parts};
use super::names::{unknown, wrong};
use super::{Resolved, Resolver};

impl<'a> Resolver<'a> {
    pub(super) fn question(&mut self, written: &ast::Question) -> Resolved<Question> {
        let concepts = self.concepts(&written.concepts)?;
        let image = written.image.as_ref().map(|image| self.image(image));
        let image = image.transpose()?;
        let mut conditions = Parts::default();
        let mut targets = Vec::new();
        for model in &written.models {
            let model = self.model(model)?;
            let (target, parts) = self.target(written, model, image.as_ref())?;
            targets.push(target);
            conditions = parts;
        }
        let set = self.catalog.set(&targets[0].set);
        let column = written.column.as_ref();
        let column = column
            .map(|column| self.column_of(column, set))
            .transpose()?;
        let measure = self.measure(written.measure.as_ref(), set)?;
        let options = &written.options;
        let model = self.model(&written.models[0])?.value;
        let select = |resolver: &mut Self, chosen: Option<&ast::Selection>| {
            chosen
                .map(|selection| resolver.selection(selection, model))
                .transpose()
        };
        Ok(Question {
            asked: written.asked,
            ablated: select(self, written.ablated.as_ref())?,
            using: select(self, options.using.as_ref())?,
            without: select(self, options.without.as_ref())?,
            via: self.via(options.via.as_ref(), model)?,
            score: self.score(options.by.as_ref())?,
            images: Filter::all(conditions.images),
            after: Filter::all(conditions.after),
            limit: self.limit(options.limit.as_ref())?,
            seed: self.seed(options.seed.as_ref())?,
            template: self.template(options.template.as_ref())?,
            count: written.count.as_ref().map(|n| self.count(n)).transpose()?,
            stability: options.stability,
            per_head: options.per_head,
            paper: options.paper,
            cumulatively: written.cumulatively,
            replacement: options.replacement.unwrap_or(ast::Replacement::Mean),
            aligned: written.aligned,
            segmented: self.segmented(written)?,
            targets,
            concepts,
            image,
            column,
            measure,
        })
    }

    /// One model with its images, its CLIP model and the units that satisfy the condition.
    fn target(
        &mut self,
        written: &ast::Question,
        model: Spanned<&'a ModelInfo>,
        image: Option<&Image>,
    ) -> Resolved<(Target, Parts)> {
        let set = self.set_of(written, model, image)?;
        let clip = needs_text(written).then(|| self.clip_for(model, &set));
        let clip = clip.transpose()?;
        let mut units = self.all_units(&written.units, model.value)?;
        let mut parts = Parts::default();
        if let Some(condition) = &written.options.filter {
            let about_units = !units.is_empty();
            let empty = SetInfo::default();
            let segmented = self.segmented(written)?;
            let asked = segmented.as_ref().unwrap_or(&set);
            let info = self.catalog.set(asked).unwrap_or(&empty);
            parts = self.where_clause(condition, about_units, info)?;
            units.retain(|unit| {
                let value = |column: &str| conditions::unit_value(model.value, unit, column);
                parts.units.iter().all(|f| f.test(&value) == Some(true))
            });
            if about_units && units.is_empty() {
                return Err(ResolveError::NoUnits {
                    model: model.value.name.clone(),
                    span: condition.span,
                });
            }
        }
        let target = Target {
            model: model.value.name.clone(),
            set,
            clip,
            units,
        };
        Ok((target, parts))
    }

    /// The images a question is about. Questions that are answered from stored contributions need them stored; those that
    /// run the model on images anyway only need the alignment that was fitted on some.
    fn set_of(
        &self,
        written: &ast::Question,
        model: Spanned<&ModelInfo>,
        image: Option<&Image>,
    ) -> Resolved<String> {
        let on = written.options.on.as_ref();
        if !matches!(written.asked, Asked::Heatmap | Asked::Segment) {
            return self.decomposed(model, written.set.as_ref().or(on));
        }
        let mapped = match (self.segmented(written)?, image) {
            (None, Some(Image::InSet { set, .. })) => Some(set.clone()),
            (segmented, _) => segmented,
        };
        let stored = |set: &String| model.value.decomposed_on.contains(set);
        match mapped {
            Some(set) if on.is_none() && (stored(&set) || model.value.decomposed_on.is_empty()) => {
                Ok(set)
            }
            _ => self.set_for(model, on),
        }
    }

    /// The set to segment.
    fn segmented(&self, written: &ast::Question) -> Resolved<Option<String>> {
        let set = written.set.as_ref();
        let set = set.filter(|_| written.asked == Asked::Segment);
        set.map(|set| Ok(self.set(set)?.value.name.clone()))
            .transpose()
    }

    fn concepts(&mut self, written: &[Spanned<ast::Concept>]) -> Resolved<Vec<Concept>> {
        written
            .iter()
            .map(|concept| self.concept(concept))
            .collect()
    }

    fn concept(&mut self, written: &Spanned<ast::Concept>) -> Resolved<Concept> {
        let slot = match &written.value {
            ast::Concept::Itself(text) => return Ok(Concept::Texts(vec![self.text(text)?])),
            ast::Concept::Texts(texts) => return Ok(Concept::Texts(self.texts(texts)?)),
            ast::Concept::Named(slot) => slot,
        };
        let value = self.value(slot)?;
        let name = self.text(slot)?;
        let feature = self.catalog.feature(&name).map(|feature| Concept::Feature {
            name: feature.name.clone(),
            texts: feature.texts.clone(),
        });
        match (feature, value) {
            (Some(feature), Value::Text(_)) => {
                self.notes.push(format!(
                    "\"{name}\" names a feature of {} texts, which is what was asked about; \
                     `text \"{name}\"` asks about the words themselves",
                    feature.texts().len()
                ));
                Ok(feature)
            }
            (Some(feature), _) => Ok(feature),
            (None, Value::Text(text)) => Ok(Concept::Texts(vec![text])),
            (None, _) => {
                let known = self.catalog.features.iter().map(|f| f.name.clone());
                Err(unknown(Role::Feature, name, known.collect(), slot.span))
            }
        }
    }

    fn image(&self, written: &Spanned<ImageRef>) -> Resolved<Image> {
        let (set, row) = match &written.value {
            ImageRef::File(path) => return Ok(Image::File(self.text(path)?)),
            ImageRef::InSet { set, row } => (self.set(set)?.value, row),
        };
        let index = self.row(row)?;
        if index >= set.rows {
            let has = match set.rows {
                0 => "no images".to_owned(),
                n => format!("{n} images (0 to {})", n - 1),
            };
            let message = format!("{}[{index}]: {} has {has}", set.name, set.name);
            return Err(wrong(message, "a smaller number", row.span));
        }
        Ok(Image::InSet {
            set: set.name.clone(),
            row: index,
        })
    }

    fn column_of(&self, column: &Slot, set: Option<&SetInfo>) -> Resolved<String> {
        let columns = set.map_or(&[][..], |set| &set.columns);
        Ok(self.column(column, columns)?.name.clone())
    }

    fn measure(&self, written: Option<&ast::Measure>, set: Option<&SetInfo>) -> Resolved<Measure> {
        let column = match written {
            None | Some(ast::Measure::Accuracy) => return Ok(Measure::Accuracy),
            Some(ast::Measure::Similarity) => return Ok(Measure::Similarity),
            Some(ast::Measure::Column(column)) => column,
        };
        match self.column_of(column, set) {
            // The other measures are as likely to have been meant as a column.
            Err(ResolveError::Unknown {
                role,
                name,
                mut known,
                span,
                ..
            }) => {
                known.extend(["accuracy", "similarity"].map(str::to_owned));
                Err(unknown(role, name, known, span))
            }
            found => found.map(Measure::Column),
        }
    }

    fn via(
        &self,
        written: Option<&Spanned<ast::Units>>,
        model: &ModelInfo,
    ) -> Resolved<Option<crate::decompose::Component>> {
        let Some(unit) = written else {
            return Ok(None);
        };
        match self.units(unit, model)?.as_slice() {
            [Unit::Component(head)] => Ok(Some(*head)),
            _ => Err(ResolveError::BadPlace {
                message: "contributions go via one head at a time".to_owned(),
                example: "head 5.2".to_owned(),
                span: unit.span,
            }),
        }
    }

    pub(super) fn score(&self, written: Option<&Slot>) -> Resolved<Score> {
        let Some(slot) = written else {
            return Ok(self.settings.score.unwrap_or_default());
        };
        let name = self.name(slot)?;
        let found = Score::ALL
            .iter()
            .find(|(word, _)| *word == name.to_lowercase());
        found.map(|(_, score)| *score).ok_or_else(|| {
            let known = Score::ALL.iter().map(|(word, _)| (*word).to_owned());
            unknown(Role::Score, name, known.collect(), slot.span)
        })
    }

    fn limit(&self, written: Option<&Slot>) -> Resolved<Option<usize>> {
        let given = written.map(|slot| self.count(slot)).transpose()?;
        Ok(given.or(self.settings.limit))
    }

    fn template(&self, written: Option<&ast::Template>) -> Resolved<Template> {
        Ok(match written {
            None => self.settings.template.clone().unwrap_or_default(),
            Some(ast::Template::Default) => Template::Default,
            Some(ast::Template::None) => Template::None,
            Some(ast::Template::Texts(texts)) => {
                let texts = texts.iter().map(|text| self.template_text(text));
                Template::Texts(texts.collect::<Resolved<_>>()?)
            }
        })
    }

    /// A text with exactly one blank.
    pub(super) fn template_text(&self, slot: &Slot) -> Resolved<String> {
        let text = self.text(slot)?;
        if text.matches("{}").count() == 1 {
            Ok(text)
        } else {
            Err(ResolveError::NoBlank { span: slot.span })
        }
    }

    fn selection(&mut self, written: &ast::Selection, model: &ModelInfo) -> Resolved<Selection> {
        let mut terms = vec![(Joint::And, self.term(&written.first, model)?)];
        for (joint, term) in &written.rest {
            terms.push((*joint, self.term(term, model)?));
        }
        Ok(Selection { terms })
    }

    fn term(&mut self, written: &Spanned<ast::Term>, model: &ModelInfo) -> Resolved<Term> {
        Ok(match &written.value {
            ast::Term::Extreme {
                top,
                count,
                units,
                concept,
                over,
            } => Term::Extreme {
                top: *top,
                count: self.count(count)?,
                units: self.units(units, model)?,
                concept: self.concept(concept)?,
                over: over.as_ref().map(|over| self.concept(over)).transpose()?,
            },
            ast::Term::Random { count, units, seed } => Term::Random {
                count: self.count(count)?,
                units: self.units(units, model)?,
                seed: self.seed(seed.as_ref())?,
            },
            ast::Term::Units(units) => {
                let units = Spanned::new(units.clone(), written.span);
                Term::Units(self.units(&units, model)?)
            }
            ast::Term::Result(name) => {
                let result = self.result(name)?;
                if !result.columns.iter().any(|column| column.name == "unit") {
                    let message = format!("{} has no column `unit`", result.name);
                    return Err(wrong(message, "a ranked result", written.span));
                }
                Term::Result(result.name.clone())
            }
        })
    }
}

/// Whether a question embeds texts, so that a model that isn't CLIP needs its alignment.
fn needs_text(written: &ast::Question) -> bool {
    let scores = |selection: &Option<ast::Selection>| {
        selection.iter().any(|selection| {
            let rest = selection.rest.iter().map(|(_, term)| term);
            std::iter::once(&selection.first)
                .chain(rest)
                .any(|term| matches!(term.value, ast::Term::Extreme { .. }))
        })
    };
    let asked = match written.asked {
        Asked::Ablate => matches!(written.measure, None | Some(ast::Measure::Accuracy)),
        Asked::Contributions | Asked::Representation => written.aligned,
        Asked::Retrieve => !written.concepts.is_empty(),
        _ => true,
    };
    let options = &written.options;
    asked || scores(&written.ablated) || scores(&options.using) || scores(&options.without)
}
