//! Conditions: which table each column belongs to, whether its type fits, and which units satisfy them.

use super::super::ast::{Check, Condition, Slot, Test, Value};
use super::super::catalog::{ColumnInfo, ColumnKind, ModelInfo, SetInfo};
use super::super::error::ResolveError;
use super::super::expect::Role;
use super::super::filter::{Filter, Literal};
use super::super::query::{Unit, unit_columns};
use super::super::span::{Span, Spanned};
use super::super::suggest::nearest;
use super::names::{unknown, wrong};
use super::{Resolved, Resolver};
use crate::decompose::{Component, ComponentKind};

/// A `where` clause, taken apart by what its parts speak of.
#[derive(Default)]
pub(super) struct Parts {
    /// Columns of units that are known before anything is computed.
    pub units: Vec<Filter>,
    /// Columns of the images.
    pub images: Vec<Filter>,
    /// `score`, known only afterwards.
    pub after: Vec<Filter>,
}

impl Resolver<'_> {
    /// Takes a `where` clause apart. `units` says whether the answer is a table of units.
    pub(super) fn where_clause(
        &mut self,
        condition: &Spanned<Condition>,
        units: bool,
        set: &SetInfo,
    ) -> Resolved<Parts> {
        let unit_table = if units { unit_columns() } else { Vec::new() };
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
    pub(super) fn filter(
        &mut self,
        condition: &Condition,
        columns: &[ColumnInfo],
    ) -> Resolved<Filter> {
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
    pub(super) fn column<'c>(
        &self,
        slot: &Slot,
        columns: &'c [ColumnInfo],
    ) -> Resolved<&'c ColumnInfo> {
        let name = self.name(slot)?;
        super::super::catalog::find(columns, &name, |column| &column.name).ok_or_else(|| {
            let known = columns.iter().map(|column| column.name.clone()).collect();
            unknown(Role::Column, name, known, slot.span)
        })
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
pub(super) fn unit_value(model: &ModelInfo, unit: &Unit, column: &str) -> Option<Literal> {
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
