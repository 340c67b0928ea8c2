//! Files of text as apps store it: JSON, logs, XML and HTML, with values that vary as they do in life.

use std::fmt::Write;

use super::Random;

/// The contents of a file of about `len` bytes, of one of the four kinds.
pub fn file(random: &mut Random, len: usize) -> Vec<u8> {
    let mut text = Text { random, out: String::with_capacity(len + 4096) };
    match text.below(4) {
        0 => text.json(len),
        1 => text.log(len),
        2 => text.xml(len),
        _ => text.html(len),
    }
    text.out.into_bytes()
}

struct Text<'a> {
    random: &'a mut Random,
    out: String,
}

impl Text<'_> {
    fn below(&mut self, bound: u64) -> u64 {
        self.random.next() % bound
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u64) as usize]
    }

    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn words(&mut self, count: u64) {
        for number in 0..count {
            if number > 0 {
                self.out.push(' ');
            }
            let word = self.random.word();
            self.out.push_str(&word);
        }
    }

    fn date(&mut self) {
        let (year, month, day) = (2015 + self.below(10), 1 + self.below(12), 1 + self.below(28));
        write!(self.out, "{year}-{month:02}-{day:02}").unwrap();
    }

    fn json(&mut self, len: usize) {
        self.put("[\n");
        while self.out.len() < len {
            let (id, high, low) = (self.below(10_000_000), self.random.next(), self.random.next());
            write!(self.out, "  {{\"id\": {id}, \"guid\": \"{high:016x}{low:016x}\", \"name\": \"").unwrap();
            self.words(2);
            let (is_active, amount, cents) = (self.below(2) == 0, self.below(100_000), self.below(100));
            write!(self.out, "\", \"active\": {is_active}, \"amount\": {amount}.{cents:02}, \"createdAt\": \"")
                .unwrap();
            self.date();
            let (hour, minute) = (self.below(24), self.below(60));
            write!(self.out, "T{hour:02}:{minute:02}:00Z\", \"tags\": [").unwrap();
            for number in 0..self.below(5) {
                let word = self.random.word();
                let comma = if number > 0 { ", " } else { "" };
                write!(self.out, "{comma}\"{word}\"").unwrap();
            }
            self.put("], \"description\": \"");
            let count = 5 + self.below(25);
            self.words(count);
            self.put("\"},\n");
        }
        self.put("]\n");
    }

    fn log(&mut self, len: usize) {
        let mut at = self.below(80_000_000);
        while self.out.len() < len {
            at += self.below(900);
            let level = self.one_of(&["INFO", "INFO", "INFO", "DEBUG", "WARN", "ERROR"]);
            let module = self.one_of(&["Core", "ConnectionBus", "MxRuntime", "ActionManager", "RestServices", "WebUI"]);
            let (hour, minute, second, milli) = (at / 3_600_000 % 24, at / 60_000 % 60, at / 1000 % 60, at % 1000);
            write!(self.out, "2026-03-01 {hour:02}:{minute:02}:{second:02}.{milli:03} {level} - {module}: ").unwrap();
            match self.below(3) {
                0 => {
                    let (number, path, host) = (self.below(1_000_000), self.random.word(), self.below(65_536));
                    let (took, status) = (self.below(3000), self.one_of(&["200", "200", "200", "404", "500"]));
                    let (third, fourth) = (host >> 8, host & 255);
                    write!(
                        self.out,
                        "Request {number} to /rest/v1/{path} from 10.0.{third}.{fourth} took {took} ms, status {status}"
                    )
                    .unwrap();
                }
                1 => {
                    let (name, took, session) = (self.random.word(), self.below(500), self.random.next() >> 16);
                    write!(self.out, "Executed microflow Main.{name} in {took} ms, session {session:012x}").unwrap();
                }
                _ => {
                    let count = 4 + self.below(14);
                    self.words(count);
                }
            }
            self.put("\n");
        }
    }

    fn xml(&mut self, len: usize) {
        self.put("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Invoices xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2\">\n");
        while self.out.len() < len {
            let number = self.below(100_000_000);
            write!(self.out, "  <Invoice>\n    <ID>INV-{number:08}</ID>\n    <IssueDate>").unwrap();
            self.date();
            self.put("</IssueDate>\n    <Party>\n      <Name>");
            self.words(2);
            self.put("</Name>\n      <Address>");
            self.words(3);
            self.put("</Address>\n    </Party>\n");
            for line in 0..1 + self.below(4) {
                let (quantity, amount, cents) = (1 + self.below(50), self.below(10_000), self.below(100));
                write!(
                    self.out,
                    "    <InvoiceLine>\n      <ID>{line}</ID>\n      <Quantity unitCode=\"EA\">{quantity}</Quantity>\n      \
                     <LineExtensionAmount currencyID=\"EUR\">{amount}.{cents:02}</LineExtensionAmount>\n      <Description>"
                )
                .unwrap();
                let count = 3 + self.below(10);
                self.words(count);
                self.put("</Description>\n    </InvoiceLine>\n");
            }
            self.put("  </Invoice>\n");
        }
        self.put("</Invoices>\n");
    }

    fn html(&mut self, len: usize) {
        self.put("<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>");
        self.words(4);
        self.put("</title></head>\n<body>\n");
        while self.out.len() < len {
            match self.below(4) {
                0 => {
                    self.put("<h2 class=\"section-title\">");
                    self.words(4);
                    self.put("</h2>\n");
                }
                1 => {
                    self.put("<ul class=\"list\">\n");
                    for _ in 0..2 + self.below(6) {
                        let (folder, page) = (self.random.word(), self.random.word());
                        write!(self.out, "  <li><a href=\"/{folder}/{page}\">").unwrap();
                        self.words(3);
                        self.put("</a></li>\n");
                    }
                    self.put("</ul>\n");
                }
                _ => {
                    self.put("<p>");
                    let count = 20 + self.below(80);
                    self.words(count);
                    self.put(".</p>\n");
                }
            }
        }
        self.put("</body>\n</html>\n");
    }
}
