//! Rules for masking columns, read from JSON: [`MaskRules`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;

use super::at_risk::{Edits, Effect};
use super::edited_row::{EditedRow, RowEditor};
use super::mask_value::{HashKey, redacted};
use super::selection::{RowEdit, unmatched};
use super::table_definition::{self, ColumnDefinition, ColumnKind};
use super::table_pattern::{NamePattern, is_table_data, names};
use super::unmatched::reason;
use crate::pgdump::error::Error;
use crate::pgdump::rows::columns;
use crate::pgdump::settings::Settings;
use crate::pgdump::toc::{Entry, Toc};

/// Rules that mask columns and leave out rows, for production data on a test server.
///
/// ```json
/// {
///   "columns": {
///     "public.account.email": {"hash": "a secret key"},
///     "*.*.phone": "redact",
///     "public.account.birthday": "null",
///     "public.account.password": {"fixed": "changed"}
///   },
///   "rows": {"public.session": "drop"}
/// }
/// ```
///
/// Names of schema, table and column are separated by dots, and `*` matches any text; a name that contains a dot or an
/// asterisk is enclosed in double quotes. If several patterns match a column, the most specific one applies.
///
/// | rule | every value becomes |
/// |---|---|
/// | `"null"` | NULL; not allowed for columns that are NOT NULL |
/// | `{"fixed": "text"}` | this text, also where it was NULL |
/// | `{"hash": "key"}` | a keyed hash (HMAC-SHA-256) in the form of the type, so that equal values stay equal and joins hold; NULL stays. Text becomes 32 hexadecimal digits or as many as fit the column, a UUID a UUID, an integer an integer with as many digits, without collisions |
/// | `"redact"` | text of the same length and shape: letters become `x` and `X`, digits `0`; NULL stays. Only for text |
///
/// ```
/// use std::fs::File;
/// use appsnap::{Limits, observe::NoObserver};
/// use appsnap::pgdump::transcode::{MaskRules, Transcoder};
///
/// let rules = MaskRules::parse(br#"{"columns": {"public.system$user.name": "redact"}}"#)?;
/// let dump = File::open("examples/data/quickstart.dump")?;
/// let (_, report) = Transcoder::same_version()
///     .with_row_editor(rules)
///     .convert(dump, Vec::new(), &Limits::untrusted(), &mut NoObserver)
///     .map_err(|failed| failed.into_parts().0)?;
/// assert_eq!(report.changes.entries.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A rule that matches nothing is an error when the conversion is planned, and so is one that does not fit the type of a
/// column. Masking does not make data anonymous by itself: what remains can identify a person, and anyone with the key can
/// compute hashes of guessed values.
#[derive(Clone)]
pub struct MaskRules {
    columns: Vec<(String, NamePattern, Rule)>,
    rows: Vec<(String, NamePattern)>,
}

#[derive(Clone)]
enum Rule {
    Null,
    Fixed(Vec<u8>),
    Hash(Vec<u8>),
    Redact,
}

/// A rule for one column of one table.
enum Action {
    Null,
    Fixed(Vec<u8>),
    Hash(Box<HashKey>, Option<ColumnKind>),
    Redact,
}

impl MaskRules {
    /// Parses rules in JSON.
    ///
    /// # Errors
    /// Returns an error if the text is not JSON, if a member is unknown, or if a pattern or a rule is invalid.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        let not_rules = |error| unmatched(format!("the rules are not a JSON object of objects: {error}"));
        let rules: Members<Members<Value>> = serde_json::from_slice(json).map_err(not_rules)?;
        let (mut columns, mut rows) = (Vec::new(), Vec::new());
        for (member, Members(patterns)) in rules.0 {
            for (text, rule) in patterns {
                match member.as_str() {
                    "columns" => columns.push((
                        text.clone(),
                        pattern(&text, 3, "schema.table.column")?,
                        column_rule(&text, &rule)?,
                    )),
                    "rows" if rule == "drop" => rows.push((text.clone(), pattern(&text, 2, "schema.table")?)),
                    "rows" => {
                        return Err(unmatched(format!("the rule for rows of {} is not \"drop\"", text.escape_debug())));
                    }
                    _ => {
                        let what = format!("the member {} is unknown: use columns and rows", member.escape_debug());
                        return Err(unmatched(what));
                    }
                }
            }
        }
        if columns.is_empty() && rows.is_empty() {
            return Err(unmatched("there are no rules: add some to columns or rows".to_owned()));
        }
        Ok(Self { columns, rows })
    }

    /// Returns the columns of one table with their actions, and marks the rules that match one.
    fn actions(
        &self,
        entry: &Entry<'_>,
        definitions: Option<&[ColumnDefinition]>,
        matched: &mut [bool],
    ) -> Result<Vec<(usize, Vec<u8>, Action)>, Error> {
        let [schema, table] = names(entry);
        let names = entry.copy_statement.and_then(|sql| columns(sql.strip_prefix(b"COPY ")?)).unwrap_or_default();
        let mut actions = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let mut best: Option<(usize, &(String, NamePattern, Rule))> = None;
            for (number, rule) in
                self.columns.iter().enumerate().filter(|(_, rule)| rule.1.matches(&[schema, table, name]))
            {
                if let Some(matched) = matched.get_mut(number) {
                    *matched = true;
                }
                match best {
                    Some((_, other)) if other.1.specificity() > rule.1.specificity() => {}
                    Some((_, other)) if other.1.specificity() == rule.1.specificity() => {
                        return Err(unmatched(format!(
                            "the rules {} and {} both apply to the column {}: remove one",
                            other.0.escape_debug(),
                            rule.0.escape_debug(),
                            name.escape_ascii()
                        ))
                        .within(entry.to_string()));
                    }
                    _ => best = Some((number, rule)),
                }
            }
            let Some((_, (text, _, rule))) = best else { continue };
            let definition = definitions.and_then(|all| all.iter().find(|column| column.name == *name));
            let action = rule.for_column(definition).map_err(|why| {
                unmatched(format!(
                    "the rule {} does not fit the column {}: {why}",
                    text.escape_debug(),
                    name.escape_ascii()
                ))
                .within(entry.to_string())
            })?;
            actions.push((index, name.clone(), action));
        }
        Ok(actions)
    }
}

/// The members of a JSON object, none of them twice: the first of two rules would be lost without a word.
struct Members<T>(Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
            type Value = Members<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let (mut names, mut members) = (BTreeSet::new(), Vec::new());
                while let Some((name, value)) = map.next_entry::<String, T>()? {
                    if !names.insert(name.clone()) {
                        return Err(A::Error::custom(format_args!("{} appears twice", name.escape_debug())));
                    }
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object(PhantomData))
    }
}

impl Rule {
    /// Returns the action for a column, or the reason why the rule does not fit it.
    fn for_column(&self, definition: Option<&ColumnDefinition>) -> Result<Action, String> {
        let kind = definition.map(|column| column.kind);
        let type_name = definition.map_or("", |column| column.type_name.as_str());
        match self {
            Self::Null if definition.is_some_and(|column| column.is_not_null) => {
                Err("it is NOT NULL: use fixed or redact".to_owned())
            }
            Self::Null => Ok(Action::Null),
            Self::Fixed(text) => Ok(Action::Fixed(text.clone())),
            Self::Hash(key) => match kind {
                Some(ColumnKind::Other) => {
                    Err(format!("values of the type {type_name} have no hash of the same type: use null or fixed"))
                }
                Some(ColumnKind::Text(Some(..8))) => {
                    Err(format!("{type_name} is too short for a hash: use redact or fixed"))
                }
                kind => Ok(Action::Hash(Box::new(HashKey::new(key)), kind)),
            },
            Self::Redact => match kind {
                None | Some(ColumnKind::Text(_)) => Ok(Action::Redact),
                Some(_) => {
                    Err(format!("only text can be redacted, and its type is {type_name}: use null, fixed or hash"))
                }
            },
        }
    }
}

impl Action {
    fn effect(&self) -> Effect {
        match self {
            Self::Null => Effect::Null,
            Self::Fixed(_) | Self::Redact => Effect::Merged,
            // The hash of nothing tells keys apart.
            Self::Hash(key, _) => Effect::Hashed(key.hash(b"", Some(ColumnKind::Text(None)))),
        }
    }
}

impl MaskRules {
    /// Returns the edits of rows by the dump id of the table's data, and their effects.
    fn compile(&self, toc: &Toc) -> Result<(BTreeMap<u32, RowEdit>, Edits), Error> {
        let standard_strings = Settings::of(toc)?.standard_strings != Some(false);
        let definitions: BTreeMap<[&[u8]; 2], Vec<ColumnDefinition>> = toc
            .entries()
            .filter(|entry| matches!(entry.desc, b"TABLE" | b"FOREIGN TABLE"))
            .map(|entry| (names(&entry), table_definition::columns(entry.definition.unwrap_or(b""), standard_strings)))
            .collect();
        let mut matched_columns = vec![false; self.columns.len()];
        let mut matched_rows = vec![false; self.rows.len()];
        let mut edits: BTreeMap<u32, RowEdit> = BTreeMap::new();
        let mut effects = Edits::default();
        for entry in toc.entries().filter(is_table_data) {
            let table = names(&entry);
            let mut is_dropped = false;
            for ((_, pattern), matched) in self.rows.iter().zip(&mut matched_rows) {
                if pattern.matches(&table) {
                    (*matched, is_dropped) = (true, true);
                }
            }
            // The columns of INSERT statements are not known, so such a table must not match at all.
            let may_match = self.columns.iter().any(|(_, pattern, _)| pattern.matches(&table));
            if (may_match || is_dropped) && !entry.is_copy() {
                let what = "rows in INSERT statements cannot be masked: dump again without --inserts".to_owned();
                return Err(unmatched(what).within(entry.to_string()));
            }
            let actions = self.actions(&entry, definitions.get(&table).map(Vec::as_slice), &mut matched_columns)?;
            if is_dropped {
                effects.leave_out(&entry);
                edits.insert(entry.id, Box::new(drop_row));
            } else if !actions.is_empty() {
                actions.iter().for_each(|(_, column, action)| effects.change(&entry, column, action.effect()));
                let actions: Vec<_> = actions.into_iter().map(|(index, _, action)| (index, action)).collect();
                edits.insert(entry.id, Box::new(move |row: &mut EditedRow<'_>| mask(row, &actions)));
            }
        }
        let columns = self.columns.iter().map(|(text, pattern, _)| (text, pattern)).zip(matched_columns);
        let rows = self.rows.iter().map(|(text, pattern)| (text, pattern)).zip(matched_rows);
        match columns.chain(rows).find(|(_, matched)| !matched) {
            Some(((text, pattern), _)) => {
                let reason = reason(text, pattern, toc);
                Err(unmatched(format!("the rule {} matches nothing with data: {reason}", text.escape_debug())))
            }
            None => Ok((edits, effects)),
        }
    }
}

impl RowEditor for MaskRules {
    fn plan(
        &self,
        toc: &Toc,
    ) -> Result<BTreeMap<u32, Box<dyn FnMut(&mut EditedRow<'_>) -> io::Result<()> + Send>>, Error> {
        Ok(self.compile(toc)?.0)
    }

    fn at_risk(&self, toc: &Toc) -> Result<BTreeSet<u32>, Error> {
        let standard_strings = Settings::of(toc)?.standard_strings != Some(false);
        Ok(self.compile(toc)?.1.at_risk(toc, standard_strings))
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the type of edits")]
fn drop_row(row: &mut EditedRow<'_>) -> io::Result<()> {
    row.leave_out();
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "the type of edits")]
fn mask(row: &mut EditedRow<'_>, actions: &[(usize, Action)]) -> io::Result<()> {
    for (index, action) in actions {
        let value = row.row().field(*index).and_then(|field| field.bytes());
        match (action, value) {
            (Action::Null, _) => row.set(*index, None),
            (Action::Fixed(text), _) => row.set(*index, Some(text)),
            (Action::Hash(key, kind), Some(value)) => row.set(*index, Some(&key.hash(&value, *kind))),
            (Action::Redact, Some(value)) => row.set(*index, Some(&redacted(&value))),
            (Action::Hash(..) | Action::Redact, None) => {}
        }
    }
    Ok(())
}

fn pattern(text: &str, parts_count: usize, form: &str) -> Result<NamePattern, Error> {
    let parsed = NamePattern::parse(text, parts_count);
    parsed.ok_or_else(|| unmatched(format!("the pattern {} is not of the form {form}", text.escape_debug())))
}

fn column_rule(text: &str, rule: &Value) -> Result<Rule, Error> {
    let one = rule.as_object().filter(|rule| rule.len() == 1).and_then(|rule| rule.iter().next());
    match (rule.as_str(), one.map(|(name, value)| (name.as_str(), value.as_str()))) {
        (Some("null"), _) => Ok(Rule::Null),
        (Some("redact"), _) => Ok(Rule::Redact),
        (_, Some(("fixed", Some(value)))) if !value.contains('\0') => Ok(Rule::Fixed(value.as_bytes().to_vec())),
        (_, Some(("hash", Some(key)))) if !key.is_empty() => Ok(Rule::Hash(key.as_bytes().to_vec())),
        _ => Err(unmatched(format!(
            "the rule for {} is unknown: use \"null\", {{\"fixed\": \"text\"}}, {{\"hash\": \"key\"}} or \"redact\"",
            text.escape_debug()
        ))),
    }
}

/// Keys are secret.
impl fmt::Debug for MaskRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patterns: Vec<&String> = self.columns.iter().map(|(text, ..)| text).collect();
        f.debug_struct("MaskRules").field("columns", &patterns).finish_non_exhaustive()
    }
}
