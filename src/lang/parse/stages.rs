//! Conditions, and what follows a `|`.

use pest::iterators::Pair;

use super::reader::{Built, Reader};
use crate::lang::ast::{Aggregate, Check, Comparison, Condition, Slot, SortKey, Stage, Test};
use crate::lang::expect::Role;
use crate::lang::grammar::Rule;
use crate::lang::span::Spanned;

impl Reader {
    /// A condition from its flat pairs; `and` binds tighter than `or`.
    pub(super) fn condition<'a>(
        self,
        pairs: impl Iterator<Item = Pair<'a, Rule>>,
    ) -> Built<Condition> {
        let mut alternatives = vec![Vec::new()];
        let mut negated = false;
        for pair in pairs {
            let part = match pair.as_rule() {
                Rule::kw_not => {
                    negated = true;
                    continue;
                }
                Rule::kw_or => {
                    alternatives.push(Vec::new());
                    continue;
                }
                Rule::parenthesis => self.condition(pair.into_inner())?,
                Rule::test => {
                    let span = self.span(&pair);
                    Condition::Test(Spanned::new(self.test(pair)?, span))
                }
                _ => continue,
            };
            let part = if std::mem::take(&mut negated) {
                Condition::Not(Box::new(part))
            } else {
                part
            };
            if let Some(all) = alternatives.last_mut() {
                all.push(part);
            }
        }
        let each = alternatives
            .into_iter()
            .map(|all| joined(all, Condition::And));
        Ok(joined(each.collect(), Condition::Or))
    }

    fn test(self, pair: Pair<'_, Rule>) -> Built<Test> {
        let mut pairs: Vec<_> = pair.into_inner().collect();
        let checked = pairs.pop().expect("the grammar puts a check in every test");
        let column = self.slot(&pairs[0])?;
        let negated = pairs.iter().any(|p| p.as_rule() == Rule::kw_not);
        let rule = checked.as_rule();
        let check = if matches!(rule, Rule::among | Rule::matching | Rule::between) {
            let mut values = self.values(checked)?;
            match rule {
                Rule::among => Check::In(values),
                Rule::matching => Check::Like(values.remove(0)),
                _ => {
                    let low = values.remove(0);
                    Check::Between(low, values.remove(0))
                }
            }
        } else {
            let sign = comparison(pairs[pairs.len() - 1].as_str());
            Check::Compare(sign, self.slot(&checked)?)
        };
        Ok(Test {
            column,
            negated,
            check,
        })
    }

    /// The values among a check's pairs, in order.
    fn values(self, pair: Pair<'_, Rule>) -> Built<Vec<Slot>> {
        let valued = [Rule::number, Rule::string, Rule::word];
        pair.into_inner()
            .filter(|p| valued.contains(&p.as_rule()))
            .map(|p| self.slot(&p))
            .collect()
    }

    pub(super) fn stage(self, pair: Pair<'_, Rule>) -> Built<Stage> {
        Ok(match pair.as_rule() {
            Rule::filter => Stage::Where(self.filter(pair)?),
            Rule::sort => {
                let keys = pair.into_inner().filter(|p| p.as_rule() == Rule::sort_key);
                Stage::Sort(keys.map(|key| self.sort_key(key)).collect::<Built<_>>()?)
            }
            Rule::select => Stage::Select(self.slots(&pair, Rule::column)?),
            Rule::take => Stage::Take(self.only(&pair)?),
            Rule::save => Stage::Save(self.only(&pair)?),
            _ => {
                let by = self.slots(&pair, Rule::column)?;
                let inner = pair.into_inner();
                let aggregates = inner.filter(|p| p.as_rule() == Rule::aggregate);
                let aggregates = aggregates.map(|aggregate| self.aggregate(&aggregate));
                Stage::Group {
                    by,
                    aggregates: aggregates.collect::<Built<_>>()?,
                }
            }
        })
    }

    fn sort_key(self, pair: Pair<'_, Rule>) -> Built<SortKey> {
        let key = self.clause(pair)?;
        Ok(SortKey {
            column: key.the(Role::Column).clone(),
            descending: key.has("desc"),
        })
    }

    fn aggregate(self, pair: &Pair<'_, Rule>) -> Built<Aggregate> {
        let aggregate = self.clause(pair.clone())?;
        Ok(Aggregate {
            reducer: aggregate.the(Role::Reducer).clone(),
            column: aggregate.name_of(Role::Column).cloned(),
        })
    }
}

/// One condition by itself, several joined.
fn joined(mut parts: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Condition {
    if parts.len() == 1 {
        parts.remove(0)
    } else {
        join(parts)
    }
}

fn comparison(sign: &str) -> Comparison {
    match sign {
        "!=" | "<>" => Comparison::NotEqual,
        "<" => Comparison::Less,
        "<=" => Comparison::LessOrEqual,
        ">" => Comparison::Greater,
        ">=" => Comparison::GreaterOrEqual,
        _ => Comparison::Equal,
    }
}
