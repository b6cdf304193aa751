//! Conditions: which table each column belongs to, whether its type fits, and which units satisfy them.

use super::names::{Names, Resolved};
use super::values::{unknown, wrong};
use crate::decompose::{Component, ComponentKind};
use crate::lang::ast::{Check, Clause, Condition, Slot, Test, Value};
use crate::lang::catalog::{self, ColumnInfo, ColumnKind, ModelInfo, SetInfo};
use crate::lang::error::ResolveError;
use crate::lang::expect::Role;
use crate::lang::filter::{Filter, Literal};
use crate::lang::query::{Conditions, Unit, unit_columns};
use crate::lang::span::{Span, Spanned};
use crate::lang::suggest::nearest;

/// A `where` clause, taken apart by what its parts speak of.
#[derive(Default)]
struct Parts {
    /// Columns of units that are known before anything is computed.
    units: Vec<Filter>,
    /// Columns of the images.
    images: Vec<Filter>,
    /// `score`, known only afterwards.
    after: Vec<Filter>,
}

/// What of a table of units a condition may speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConditionScope {
    /// What units are, and the scores that the answer gives them.
    ScoredUnits,
    /// What units are.
    Units,
}

impl Names<'_> {
    /// The units that satisfy a statement's `where` clause, and what remains of it: conditions on the images of `set`, and
    /// on the answer.
    pub fn units_where(
        &mut self,
        said: &Clause,
        model: Spanned<&ModelInfo>,
        set: &str,
        mut units: Vec<Unit>,
        scope: ConditionScope,
    ) -> Resolved<(Vec<Unit>, Conditions)> {
        let Some(condition) = said.clause("filter").and_then(Clause::condition) else {
            return Ok((units, Conditions::default()));
        };
        let mut table = unit_columns();
        table.retain(|column| scope == ConditionScope::ScoredUnits || column.name != "score");
        let parts = self.where_clause(condition, &table, set)?;
        units.retain(|unit| {
            let value = |column: &str| unit_value(model.value, unit, column);
            parts.units.iter().all(|f| f.test(&value) == Some(true))
        });
        if units.is_empty() {
            return Err(ResolveError::NoUnits {
                model: model.value.name.clone(),
                span: condition.span,
            });
        }
        let conditions = Conditions {
            images: Filter::all(parts.images),
            after: Filter::all(parts.after),
        };
        Ok((units, conditions))
    }

    /// The images of `set` that satisfy a statement's `where` clause; `None` for all.
    pub fn images_where(&mut self, said: &Clause, set: &str) -> Resolved<Option<Filter>> {
        let Some(condition) = said.clause("filter").and_then(Clause::condition) else {
            return Ok(None);
        };
        let parts = self.where_clause(condition, &[], set)?;
        Ok(Filter::all(parts.images))
    }

    /// Takes a `where` clause apart; `unit_table` has the columns of units that it may speak of.
    fn where_clause(
        &mut self,
        condition: &Spanned<Condition>,
        unit_table: &[ColumnInfo],
        set: &str,
    ) -> Resolved<Parts> {
        let nothing = SetInfo::default();
        let set = self.catalog.set(set).unwrap_or(&nothing);
        let mut parts = Parts::default();
        let conjuncts = match &condition.value {
            Condition::And(all) => all.as_slice(),
            one => std::slice::from_ref(one),
        };
        for part in conjuncts {
            let columns: Vec<_> = unit_table.iter().chain(&set.columns).cloned().collect();
            let filter = self.filter(part, &columns)?;
            let is_unit = |name: &str| unit_table.iter().any(|column| column.name == name);
            let named = filter.columns();
            match named.iter().filter(|name| is_unit(name)).count() {
                0 => parts.images.push(filter),
                n if n < named.len() => {
                    return Err(ResolveError::MixedColumns {
                        span: span_of(part, condition.span),
                    });
                }
                _ if named.contains(&"score") => parts.after.push(filter),
                _ => parts.units.push(filter),
            }
        }
        Ok(parts)
    }

    /// A condition on a table with these columns.
    pub fn filter(&mut self, condition: &Condition, columns: &[ColumnInfo]) -> Resolved<Filter> {
        let mut all = |parts: &[Condition]| {
            let filters = parts.iter().map(|part| self.filter(part, columns));
            filters.collect::<Resolved<Vec<_>>>()
        };
        Ok(match condition {
            Condition::And(parts) => Filter::And(all(parts)?),
            Condition::Or(parts) => Filter::Or(all(parts)?),
            Condition::Not(inner) => Filter::Not(Box::new(self.filter(inner, columns)?)),
            Condition::Test(test) => self.test(&test.value, columns)?,
        })
    }

    fn test(&mut self, test: &Test, columns: &[ColumnInfo]) -> Resolved<Filter> {
        let info = self.column(&test.column, columns)?;
        let column = info.name.clone();
        let filter = match &test.check {
            Check::Compare(sign, value) => Filter::Compare {
                column,
                sign: *sign,
                value: self.literal(value, info)?,
            },
            Check::In(values) => {
                let values = values.iter().map(|value| self.literal(value, info));
                Filter::In {
                    column,
                    values: values.collect::<Resolved<_>>()?,
                }
            }
            Check::Like(pattern) => {
                if info.kind == ColumnKind::Number {
                    let message = format!("`{column}` holds numbers, and `like` compares texts");
                    return Err(wrong(message, "a column of texts", test.column.span));
                }
                Filter::Like {
                    column,
                    pattern: self.text(pattern)?,
                }
            }
            Check::Between(low, high) => Filter::Between {
                column,
                low: self.literal(low, info)?,
                high: self.literal(high, info)?,
            },
        };
        Ok(if test.negated {
            Filter::Not(Box::new(filter))
        } else {
            filter
        })
    }

    /// A column of a table.
    pub fn column<'c>(&self, slot: &Slot, columns: &'c [ColumnInfo]) -> Resolved<&'c ColumnInfo> {
        let name = self.name(slot)?;
        catalog::find(columns, &name, |column| &column.name).ok_or_else(|| {
            let known = columns.iter().map(|column| column.name.clone()).collect();
            unknown(Role::Column, name, known, slot.span)
        })
    }

    /// A column of an image set's table, by name.
    pub fn column_of(&self, slot: &Slot, set: &str) -> Resolved<String> {
        let set = self.catalog.set(set);
        let columns = set.map_or(&[][..], |set| &set.columns);
        Ok(self.column(slot, columns)?.name.clone())
    }

    /// A value that a column can be compared with.
    fn literal(&mut self, slot: &Slot, column: &ColumnInfo) -> Resolved<Literal> {
        let name = &column.name;
        match (self.value(slot)?, column.kind) {
            (Value::Number(_), ColumnKind::Text) => Err(wrong(
                format!("`{name}` holds texts"),
                "a quoted text",
                slot.span,
            )),
            (Value::Number(number), _) => Ok(Literal::Number(number)),
            (_, ColumnKind::Number) => Err(wrong(
                format!("`{name}` holds numbers"),
                "a number",
                slot.span,
            )),
            (Value::Text(text) | Value::Word(text) | Value::Variable(text), _) => {
                self.warn_of_absent_value(&text, column);
                Ok(Literal::Text(text))
            }
        }
    }

    /// Says so if no row has a value, where the values are known.
    fn warn_of_absent_value(&mut self, text: &str, column: &ColumnInfo) {
        if column.values.is_empty() || column.values.iter().any(|value| value == text) {
            return;
        }
        let meant = nearest(text, column.values.iter().map(String::as_str));
        let hint = meant.map_or(String::new(), |word| format!("; did you mean \"{word}\"?"));
        self.notes
            .push(format!("no image has {} \"{text}\"{hint}", column.name));
    }
}

/// Where a part of a condition stands; `whole` if it can't be told.
fn span_of(condition: &Condition, whole: Span) -> Span {
    match condition {
        Condition::Test(test) => test.span,
        Condition::Not(inner) => span_of(inner, whole),
        Condition::And(parts) | Condition::Or(parts) => parts
            .iter()
            .map(|part| span_of(part, whole))
            .reduce(Span::to)
            .unwrap_or(whole),
    }
}

/// The value of a unit in a column of the unit table; `None` where it has none, and for `score`.
fn unit_value(model: &ModelInfo, unit: &Unit, column: &str) -> Option<Literal> {
    let number = |n: u16| Some(Literal::Number(f64::from(n)));
    let text = |t: &str| Some(Literal::Text(t.to_owned()));
    let (kind, layer, head) = match *unit {
        Unit::Component(Component { kind, layer, head }) => match kind {
            ComponentKind::Init | ComponentKind::Bias => (kind.word(), None, None),
            ComponentKind::Head => (kind.word(), Some(layer), Some(head)),
            ComponentKind::Mlp | ComponentKind::Conv => (kind.word(), Some(layer), None),
        },
        Unit::Layer(layer) => ("layer", Some(layer), None),
        Unit::Neurons { layer, .. } => ("neuron", Some(layer), None),
        Unit::Tokens => ("tokens", None, None),
    };
    let block = layer.map(|layer| match kind {
        "conv" => model.conv_block(layer),
        _ => model.block(layer),
    });
    match column {
        "unit" => text(&unit.to_string()),
        "kind" => text(kind),
        "layer" => number(layer?),
        "head" => number(head?),
        "stage" => number(block?.0),
        "block" => number(block?.1),
        _ => None,
    }
}
