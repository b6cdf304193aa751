//! `spans of`: a short list of texts that spans what a unit contributes (TextSpan, arXiv 2310.05916).

mod spreads;

use polars::prelude::DataFrame;

use self::spreads::{Spreads, SpreadsOf};
use crate::analysis::{SPAN_RANK, text_span};
use crate::desk::statement::{Outcome, Statement};
use crate::desk::tables::columns::{frame, numbers, texts, whole};
use crate::desk::tables::notes::note_ground;
use crate::desk::texts::embeddings::Texts;
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::Answer;
use crate::lang::ast::Clause;
use crate::lang::expect::Role;
use crate::lang::filter::Filter;
use crate::lang::help::{OPTIONS, Topic};
use crate::lang::query::{Template, UnitsAsked};
use crate::lang::resolve::{ConditionScope, Names, Resolved};
use crate::store::Feature;

/// How many texts are picked, unless the user says otherwise.
const PICKS: usize = 10;

/// Shorter words tell nothing about a picture.
const SHORTEST: usize = 3;

/// `spans of UNITS in MODEL`.
#[derive(Clone, Debug, PartialEq)]
pub struct Spans {
    /// The model asked, and its units.
    pub asked: UnitsAsked,
    /// Which images count; `None` for all.
    pub images: Option<Filter>,
    /// How many texts are picked for each unit.
    pub count: usize,
}

/// What picking texts takes.
pub struct Tickets {
    spreads: SpreadsOf,
    /// How many features are known.
    features: usize,
    /// The texts to pick from.
    pool: Vec<String>,
    texts: Texts,
}

/// A row of the answer.
struct Row {
    unit: String,
    pick: u32,
    text: String,
    std: f64,
    share: f64,
    cumulative: f64,
}

impl Statement for Spans {
    const RULE: &'static str = "spans";
    const HELP: &'static Topic = &Topic {
        name: "spans",
        summary: "Which few texts span a unit's contributions? (TextSpan)",
        form: "spans of UNITS in MODEL [OPTIONS]",
        text: OPTIONS,
        examples: &["spans of head 5.2 in clip limit 10"],
        about_images: false,
    };
    type Tickets = Tickets;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let model = names.model(said.the(Role::Model))?;
        let (mut asked, conditions) = names.units_asked(said, model, ConditionScope::Units)?;
        // Texts are embedded as they are, as published, unless the user gives templates.
        if asked.prompt.template == Template::Default {
            asked.prompt.template = Template::None;
        }
        Ok(Self {
            count: names.limit(said)?.unwrap_or(PICKS),
            images: conditions.images,
            asked,
        })
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<Tickets, DeskError> {
        let UnitsAsked {
            target,
            prompt,
            units,
        } = &self.asked;
        let words = "pick texts, each along what the ones before leave";
        planner.step(words, |planner| {
            let (stored, units) = planner.decomposed_units(target, units)?;
            let words = format!("spread of the contributions of {} units of", units.len());
            planner.step_on(&words, target, |planner| {
                let images = self.images.as_ref();
                let spreads = SpreadsOf::plan(&self.asked, images, &stored, &units, planner)?;
                let features = planner.features(&target.set)?;
                let pool = pool(&features);
                Ok(Tickets {
                    spreads,
                    features: features.len(),
                    texts: planner.texts(prompt, &pool)?,
                    pool,
                })
            })
        })
    }

    fn run(&self, tickets: Tickets, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let Tickets {
            spreads,
            features,
            pool,
            texts,
        } = tickets;
        let embedded = texts.embed(desk)?;
        let spreads = spreads.run(desk)?;
        let rows = self.pick(&spreads, &embedded.of(&pool), &pool, desk)?;
        let mut notes = vec![format!(
            "picked from {} texts: those of {features} known features, and their words",
            pool.len()
        )];
        let (target, prompt) = (&self.asked.target, &self.asked.prompt);
        let chosen = self.images.is_some();
        note_ground(target, prompt, spreads.ground, chosen, &mut notes);
        let answer = Answer {
            title: Some(format!("texts that span units of {}", target.model)),
            frame: table(&rows, spreads.units.len() > 1)?,
            notes,
            cached: embedded.cached && spreads.warm,
            ..Answer::default()
        };
        Ok(answer.into())
    }
}

impl Spans {
    /// Picks texts of the pool, which are embedded so, for every unit.
    fn pick(
        &self,
        spreads: &Spreads,
        embedded: &[f32],
        pool: &[String],
        desk: &Desk<'_>,
    ) -> Result<Vec<Row>, DeskError> {
        let mut rows = Vec::new();
        for (unit, spread) in &spreads.units {
            desk.cancel.check()?;
            let mut cumulative = 0.0;
            for (pick, found) in (1..).zip(text_span(spread, embedded, self.count, SPAN_RANK)) {
                cumulative += found.share;
                rows.push(Row {
                    unit: unit.name.clone(),
                    pick,
                    text: pool[found.text].clone(),
                    std: found.std,
                    share: found.share,
                    cumulative,
                });
            }
        }
        Ok(rows)
    }
}

/// The texts of all features and the single words in them, each once.
fn pool(features: &[Feature]) -> Vec<String> {
    let mut pool: Vec<String> = Vec::new();
    let texts = || features.iter().flat_map(|feature| &feature.texts);
    let words = texts().flat_map(|text| text.split_whitespace());
    let long = words.filter(|word| word.chars().count() >= SHORTEST && *word != "the");
    for text in texts().map(String::as_str).chain(long) {
        if !pool.iter().any(|known| known == text) {
            pool.push(text.to_owned());
        }
    }
    pool
}

fn table(rows: &[Row], several: bool) -> Result<DataFrame, DeskError> {
    let mut columns = Vec::new();
    if several {
        columns.push(texts("unit", rows.iter().map(|row| &row.unit)));
    }
    columns.extend([
        whole("pick", rows.iter().map(|row| Some(row.pick))),
        texts("text", rows.iter().map(|row| &row.text)),
        numbers("std", rows.iter().map(|row| row.std)),
        numbers("share", rows.iter().map(|row| row.share)),
        numbers("cumulative", rows.iter().map(|row| row.cumulative)),
    ]);
    Ok(frame(columns)?)
}
