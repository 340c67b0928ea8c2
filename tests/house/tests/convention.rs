//! One way to call things: few arguments, the observer last, options by reference.

use appsnap_house::api::Api;
use appsnap_house::files;
use appsnap_house::model::Model;

/// The most arguments of a public function, besides `self`. More are options.
const MOST_ARGUMENTS: usize = 4;

/// Functions with more. `extract_converted` takes what `extract` takes, and the conversion.
const EXCEPTIONS: [&str; 1] = ["prepare fn extract_converted<"];

#[test]
fn public_functions_follow_one_convention() {
    let api = Api::of(&Model::of(&files::root()));
    let mut wrong = Vec::new();
    for line in api.lines.iter().filter(|line| line.contains(" fn ")) {
        let arguments = arguments(line);
        let is_exception = EXCEPTIONS.iter().any(|function| line.starts_with(function));
        if arguments.len() > MOST_ARGUMENTS && !is_exception {
            wrong.push(format!("more than {MOST_ARGUMENTS} arguments: {line}"));
        }
        let observer = arguments.iter().position(|argument| argument.contains("dyn Observer"));
        if observer.is_some_and(|at| at + 1 != arguments.len()) {
            wrong.push(format!("the observer is not last: {line}"));
        }
        if arguments.iter().any(|argument| argument.ends_with("Options") && !argument.contains('&')) {
            wrong.push(format!("options by value: {line}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn arguments_are_taken_apart() {
    assert_eq!(
        arguments("m fn f<R: Fn(u8) -> u8>(&self, a: (u8, u8), b: &mut dyn Observer) -> X"),
        ["a: (u8, u8)", "b: &mut dyn Observer"]
    );
    assert_eq!(arguments("m fn f()"), [""; 0]);
}

/// The arguments of a function in the listing, without `self`.
fn arguments(line: &str) -> Vec<String> {
    let signature = line.split_once(" fn ").map_or("", |(_, rest)| rest);
    let (mut depth, mut generics, mut found, mut current) = (0_usize, 0_usize, Vec::new(), String::new());
    let mut before = ' ';
    for letter in signature.chars() {
        match letter {
            '<' => generics += 1,
            '>' if before != '-' => generics = generics.saturating_sub(1),
            _ => {}
        }
        // The parenthesis that opens the arguments is the first one outside of the generics.
        let is_outside = depth > 0 || generics == 0;
        match letter {
            '(' | '[' if is_outside => depth += 1,
            ')' | ']' if is_outside => depth -= 1,
            _ => {}
        }
        if depth == 0 && letter == ')' && is_outside {
            found.push(std::mem::take(&mut current));
            break;
        }
        if depth == 1 && letter == ',' && generics == 0 {
            found.push(std::mem::take(&mut current));
        } else if depth > 1 || (depth == 1 && (letter != '(' || !current.is_empty())) {
            current.push(letter);
        }
        before = letter;
    }
    let found = found.into_iter().map(|argument| argument.trim().to_owned());
    found.filter(|argument| !argument.is_empty() && !argument.split([' ', '&']).any(|word| word == "self")).collect()
}
