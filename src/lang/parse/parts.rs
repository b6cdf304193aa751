//! The parts of a statement, gathered by what they are. Every statement begins with its keyword and names each part by a
//! rule of its own, so gathering needs no knowledge of the statement.

use pest::iterators::Pair;

use super::super::ast::{
    Concept, Condition, ImageRef, Options, Precision, Replacement, Selection, Slot, Template, Units,
};
use super::super::error::SyntaxError;
use super::super::grammar::Rule;
use super::super::span::{Span, Spanned};
use super::{Built, Reader};
use crate::kernels::Numbers;

/// Parts of a statement.
#[derive(Default)]
pub(super) struct Parts {
    slots: Vec<(Rule, Slot)>,
    keywords: Vec<Rule>,
    pub units: Vec<Spanned<Units>>,
    pub concepts: Vec<Spanned<Concept>>,
    pub image: Option<Spanned<ImageRef>>,
    pub options: Options,
    pub lambda: Option<Slot>,
    pub precision: Option<Precision>,
    pub forward: Option<Numbers>,
    pub batch: Option<Slot>,
    pub last_layers: Option<Slot>,
    /// What comes after `measuring`.
    pub measured: Option<Rule>,
}

impl Parts {
    /// The first slot of a rule that the grammar makes obligatory.
    pub fn slot(&mut self, rule: Rule) -> Slot {
        self.maybe(rule)
            .expect("the grammar lets no statement through without this part")
    }

    /// The first slot of a rule, if there is one.
    pub fn maybe(&mut self, rule: Rule) -> Option<Slot> {
        let at = self.slots.iter().position(|(of, _)| *of == rule)?;
        Some(self.slots.remove(at).1)
    }

    /// All slots of a rule.
    pub fn all(&mut self, rule: Rule) -> Vec<Slot> {
        std::iter::from_fn(|| self.maybe(rule)).collect()
    }

    /// The one slot left: a value of whatever sort.
    pub fn any(&mut self) -> Slot {
        self.slots
            .pop()
            .expect("the grammar lets no statement through without its value")
            .1
    }

    /// Whether a keyword was said.
    pub fn has(&self, keyword: Rule) -> bool {
        self.keywords.contains(&keyword)
    }
}

/// Puts a value where there must be none yet.
fn once<T>(place: &mut Option<T>, value: T, option: &'static str, span: Span) -> Built<()> {
    if place.is_some() {
        return Err(SyntaxError::Twice { option, span });
    }
    *place = Some(value);
    Ok(())
}

impl Reader {
    /// Gathers the parts among `pairs`.
    pub(super) fn parts<'a>(self, pairs: impl Iterator<Item = Pair<'a, Rule>>) -> Built<Parts> {
        let mut parts = Parts::default();
        for pair in pairs {
            self.part(pair, &mut parts)?;
        }
        Ok(parts)
    }

    fn part(self, pair: Pair<'_, Rule>, parts: &mut Parts) -> Built<()> {
        let (rule, span) = (pair.as_rule(), self.span(&pair));
        match rule {
            Rule::model
            | Rule::clip
            | Rule::image_set
            | Rule::column
            | Rule::setting
            | Rule::new_name
            | Rule::new_feature
            | Rule::score
            | Rule::reducer
            | Rule::word
            | Rule::choice
            | Rule::topic
            | Rule::thing
            | Rule::result
            | Rule::string
            | Rule::number => parts.slots.push((rule, self.slot(&pair)?)),
            Rule::word_itself | Rule::text_list | Rule::quoted | Rule::feature => {
                parts.concepts.push(self.concept(pair)?);
            }
            Rule::image_at | Rule::image_file => parts.image = Some(self.image(pair)?),
            Rule::like => {
                let inner = self.parts(pair.into_inner())?;
                parts.image = inner.image;
                parts.concepts = inner.concepts;
            }
            Rule::measuring => {
                let inner: Vec<_> = pair.into_inner().collect();
                parts.measured = inner.get(1).map(Pair::as_rule);
                if let Some(column) = inner.get(1).filter(|p| p.as_rule() == Rule::column) {
                    parts.slots.push((Rule::column, self.slot(column)?));
                }
            }
            Rule::precision => {
                let precision = match self.parts(pair.into_inner())?.has(Rule::kw_f16) {
                    true => Precision::F16,
                    false => Precision::F32,
                };
                once(&mut parts.precision, precision, "precision", span)?;
            }
            Rule::forward => {
                let said = self.parts(pair.into_inner())?;
                let numbers = match (said.has(Rule::kw_bf16), said.has(Rule::kw_f16)) {
                    (true, _) => Numbers::Bf16,
                    (_, true) => Numbers::F16,
                    _ => Numbers::F32,
                };
                once(&mut parts.forward, numbers, "forward", span)?;
            }
            Rule::lambda => once(&mut parts.lambda, self.only(pair)?, "lambda", span)?,
            Rule::batch => once(&mut parts.batch, self.only(pair)?, "batch", span)?,
            Rule::last_layers => {
                once(
                    &mut parts.last_layers,
                    self.only(pair)?,
                    "layers last",
                    span,
                )?;
            }
            _ if is_unit(rule) => parts.units.push(self.units(pair)?),
            _ if is_option(rule) => self.option(pair, &mut parts.options)?,
            _ => parts.keywords.push(rule),
        }
        Ok(())
    }

    /// The single slot of a rule such as `limit 5`.
    pub(super) fn only(self, pair: Pair<'_, Rule>) -> Built<Slot> {
        Ok(self.parts(pair.into_inner())?.any())
    }

    fn option(self, pair: Pair<'_, Rule>, options: &mut Options) -> Built<()> {
        let span = self.span(&pair);
        match pair.as_rule() {
            Rule::on => once(&mut options.on, self.only(pair)?, "on", span),
            Rule::by => once(&mut options.by, self.only(pair)?, "by", span),
            Rule::limit => once(&mut options.limit, self.only(pair)?, "limit", span),
            Rule::seed => once(&mut options.seed, self.only(pair)?, "seed", span),
            Rule::filter => once(&mut options.filter, self.filter(pair)?, "where", span),
            Rule::template => once(
                &mut options.template,
                self.template(pair)?,
                "template",
                span,
            ),
            Rule::using => once(&mut options.using, self.chosen(pair)?, "using", span),
            Rule::without => once(&mut options.without, self.chosen(pair)?, "without", span),
            Rule::via => {
                let unit = self.parts(pair.into_inner())?.units.remove(0);
                once(&mut options.via, unit, "via", span)
            }
            Rule::replacement => {
                let how = self.parts(pair.into_inner())?;
                let replacement = match (how.has(Rule::kw_zero), how.has(Rule::kw_resample)) {
                    (true, _) => Replacement::Zero,
                    (_, true) => Replacement::Resample,
                    _ => Replacement::Mean,
                };
                once(&mut options.replacement, replacement, "with", span)
            }
            Rule::stability => {
                options.stability = true;
                Ok(())
            }
            Rule::per_head => {
                options.per_head = true;
                Ok(())
            }
            _ => {
                options.paper = true;
                Ok(())
            }
        }
    }

    /// `where …` with the span of its condition.
    pub(super) fn filter(self, pair: Pair<'_, Rule>) -> Built<Spanned<Condition>> {
        let whole = self.span(&pair);
        let mut inner = pair.into_inner().skip(1).peekable();
        let start = inner.peek().map_or(whole.start, |p| self.span(p).start);
        let condition = self.condition(inner)?;
        Ok(Spanned::new(condition, Span::new(start, whole.end)))
    }

    fn template(self, pair: Pair<'_, Rule>) -> Built<Template> {
        let mut parts = self.parts(pair.into_inner())?;
        let texts = parts.all(Rule::string);
        Ok(match parts.has(Rule::kw_none) {
            true => Template::None,
            false if texts.is_empty() => Template::Default,
            false => Template::Texts(texts),
        })
    }

    fn chosen(self, pair: Pair<'_, Rule>) -> Built<Selection> {
        self.selection(&mut pair.into_inner().skip(1).peekable())
    }
}

/// Whether a rule is a unit.
pub(super) fn is_unit(rule: Rule) -> bool {
    super::terms::unit_kind(rule).is_some()
}

fn is_option(rule: Rule) -> bool {
    use Rule::{by, filter, limit, on, paper, replacement, seed, stability, template};
    matches!(
        rule,
        on | by
            | filter
            | limit
            | seed
            | template
            | paper
            | replacement
            | stability
            | Rule::per_head
            | Rule::via
            | Rule::using
            | Rule::without
    )
}
