//! Expands the `macro_rules!` of the crate, so that items which they make are seen like any other.

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};

/// The rules of one macro.
#[derive(Clone)]
#[allow(missing_debug_implementations)]
pub struct Rules(Vec<(Vec<Part>, Vec<Part>)>);

/// A part of a pattern or of a template.
#[derive(Clone)]
enum Part {
    Token(TokenTree),
    Group(Delimiter, Vec<Part>),
    /// The fragment is empty in a template.
    Variable {
        name: String,
        fragment: String,
    },
    Repeat {
        parts: Vec<Part>,
        separator: Option<TokenTree>,
        operator: char,
    },
}

/// The value of a variable.
#[derive(Clone)]
enum Bound {
    One(TokenStream),
    Many(Vec<Bindings>),
}

type Bindings = BTreeMap<String, Bound>;

impl Rules {
    /// Reads the body of a `macro_rules!`.
    pub fn of(body: TokenStream) -> Self {
        let groups = body.into_iter().filter_map(|token| match token {
            TokenTree::Group(group) => Some(group.stream()),
            _ => None,
        });
        let groups = groups.collect::<Vec<_>>();
        Self(groups.chunks_exact(2).map(|pair| (parts(pair[0].clone()), parts(pair[1].clone()))).collect())
    }

    /// The expansion of an invocation; `None` where no rule matches.
    pub fn expand(&self, input: &TokenStream) -> Option<TokenStream> {
        self.0.iter().find_map(|(pattern, template)| {
            let mut bindings = Bindings::new();
            let matcher = |stream: ParseStream<'_>| matches(pattern, stream, &mut bindings);
            matcher.parse2(input.clone()).ok()?;
            Some(transcribed(template, &bindings))
        })
    }
}

fn parts(tokens: TokenStream) -> Vec<Part> {
    let mut parts_found = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        parts_found.push(match token {
            TokenTree::Punct(dollar) if dollar.as_char() == '$' => match tokens.next() {
                Some(TokenTree::Group(group)) => {
                    let mut separator = None;
                    let operator = loop {
                        match tokens.next() {
                            Some(TokenTree::Punct(punct)) if "*+?".contains(punct.as_char()) => {
                                break punct.as_char();
                            }
                            Some(other) => separator = Some(other),
                            None => panic!("a repetition without an operator"),
                        }
                    };
                    Part::Repeat { parts: parts(group.stream()), separator, operator }
                }
                Some(TokenTree::Ident(name)) if name == "crate" => Part::Token(TokenTree::Ident(name)),
                Some(TokenTree::Ident(name)) => {
                    let mut fragment = String::new();
                    // A single colon and an identifier; two colons are a path in a template.
                    let mut ahead = tokens.clone();
                    if let (Some(TokenTree::Punct(colon)), Some(TokenTree::Ident(kind))) = (ahead.next(), ahead.next())
                        && colon.as_char() == ':'
                        && FRAGMENTS.contains(&kind.to_string().as_str())
                    {
                        fragment = kind.to_string();
                        tokens = ahead;
                    }
                    Part::Variable { name: name.to_string(), fragment }
                }
                other => panic!("a dollar before {other:?}"),
            },
            TokenTree::Group(group) => Part::Group(group.delimiter(), parts(group.stream())),
            other => Part::Token(other),
        });
    }
    parts_found
}

const FRAGMENTS: [&str; 14] = [
    "block",
    "expr",
    "ident",
    "item",
    "lifetime",
    "literal",
    "meta",
    "pat",
    "path",
    "stmt",
    "tt",
    "ty",
    "vis",
    "pat_param",
];

fn matches(pattern: &[Part], input: ParseStream<'_>, bindings: &mut Bindings) -> syn::Result<()> {
    for part in pattern {
        match part {
            Part::Token(wanted) => {
                let token = input.parse::<TokenTree>()?;
                if token.to_string() != wanted.to_string() {
                    return Err(syn::Error::new(token.span(), "another token"));
                }
            }
            Part::Group(delimiter, parts) => match input.parse::<TokenTree>()? {
                TokenTree::Group(group) if group.delimiter() == *delimiter => {
                    (|stream: ParseStream<'_>| matches(parts, stream, bindings)).parse2(group.stream())?;
                }
                other => return Err(syn::Error::new(other.span(), "no such group")),
            },
            Part::Variable { name, fragment } => {
                bindings.insert(name.clone(), Bound::One(parse_fragment(fragment, input)?));
            }
            Part::Repeat { parts, separator, operator } => {
                let mut rounds = Vec::new();
                loop {
                    let ahead = input.fork();
                    let mut round = Bindings::new();
                    let starts = !ahead.is_empty()
                        && (rounds.is_empty()
                            || separator.as_ref().is_none_or(|separator| {
                                ahead.parse::<TokenTree>().is_ok_and(|token| token.to_string() == separator.to_string())
                            }));
                    if !starts || matches(parts, &ahead, &mut round).is_err() {
                        break;
                    }
                    input.advance_to(&ahead);
                    rounds.push(round);
                    if *operator == '?' {
                        break;
                    }
                }
                for name in names(parts) {
                    bindings.insert(name, Bound::Many(rounds.clone()));
                }
            }
        }
    }
    Ok(())
}

fn names(parts: &[Part]) -> Vec<String> {
    let names = parts.iter().flat_map(|part| match part {
        Part::Token(_) => Vec::new(),
        Part::Variable { name, .. } => vec![name.clone()],
        Part::Group(_, parts) | Part::Repeat { parts, .. } => names(parts),
    });
    names.collect()
}

fn parse_fragment(fragment: &str, input: ParseStream<'_>) -> syn::Result<TokenStream> {
    Ok(match fragment {
        "block" => input.parse::<syn::Block>()?.into_token_stream(),
        "expr" => input.parse::<syn::Expr>()?.into_token_stream(),
        "ident" => input.call(syn::Ident::parse_any)?.into_token_stream(),
        "item" => input.parse::<syn::Item>()?.into_token_stream(),
        "lifetime" => input.parse::<syn::Lifetime>()?.into_token_stream(),
        "literal" => input.parse::<syn::Lit>()?.into_token_stream(),
        "meta" => input.parse::<syn::Meta>()?.into_token_stream(),
        "pat" | "pat_param" => input.call(syn::Pat::parse_multi)?.into_token_stream(),
        "path" => input.parse::<syn::Path>()?.into_token_stream(),
        "stmt" => input.parse::<syn::Stmt>()?.into_token_stream(),
        "tt" => input.parse::<TokenTree>()?.into_token_stream(),
        "ty" => input.parse::<syn::Type>()?.into_token_stream(),
        "vis" => input.parse::<syn::Visibility>()?.into_token_stream(),
        other => panic!("a fragment that this expander does not know: {other}"),
    })
}

fn transcribed(template: &[Part], bindings: &Bindings) -> TokenStream {
    let mut tokens = TokenStream::new();
    for part in template {
        match part {
            Part::Token(token) => tokens.extend([token.clone()]),
            Part::Group(delimiter, parts) => {
                let group = Group::new(*delimiter, transcribed(parts, bindings));
                tokens.extend([TokenTree::Group(group)]);
            }
            Part::Variable { name, .. } => match bindings.get(name) {
                Some(Bound::One(bound)) => tokens.extend(bound.clone()),
                Some(Bound::Many(_)) => panic!("${name} repeats, and is used where nothing does"),
                None => panic!("${name} is not bound"),
            },
            Part::Repeat { parts, separator, .. } => {
                let rounds = names(parts).iter().find_map(|name| match bindings.get(name) {
                    Some(Bound::Many(rounds)) => Some(rounds.clone()),
                    _ => None,
                });
                for (number, round) in rounds.expect("a repetition over something").into_iter().enumerate() {
                    if number > 0 {
                        tokens.extend(separator.clone());
                    }
                    // What is bound outside may be used inside.
                    let mut inner = bindings.clone();
                    inner.extend(round);
                    tokens.extend(transcribed(parts, &inner));
                }
            }
        }
    }
    tokens
}
