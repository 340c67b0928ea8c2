//! Gathers findings, ranked by a profile: [`Ranking`].

use super::profile::Profile;
use super::registry;
use super::verdict::Verdict;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};

/// Findings with the severities of a profile; what the profile does not report is left out.
#[derive(Debug)]
pub(super) struct Ranking<'p> {
    profile: &'p Profile,
    findings: Diagnostics,
}

impl<'p> Ranking<'p> {
    pub(super) const fn new(profile: &'p Profile, max_kept_per_code: u64) -> Self {
        Self { profile, findings: Diagnostics::new(max_kept_per_code) }
    }

    pub(super) fn add(&mut self, code: impl Into<Code>, describe: impl FnOnce(Diagnostic) -> Diagnostic) {
        let code = code.into();
        if let Some(severity) = self.profile.severity(code) {
            self.findings.add_ranked(code, severity, describe);
        }
    }

    pub(super) fn add_all(&mut self, findings: &Diagnostics) {
        self.findings.add_all(findings, |code| self.profile.severity(code));
    }

    /// Returns the verdict, and the findings in their final order: the highest severity first, the findings of a code
    /// together, otherwise in the order in which they were added.
    pub(super) fn finish(mut self) -> (Verdict, Diagnostics) {
        let rank = |finding: &Diagnostic| (std::cmp::Reverse(finding.severity()), registry::rank(finding.code()));
        self.findings.sort_by_key(rank);
        let codes = self.findings.counts().map(|(code, _)| code);
        let worst =
            codes.filter(|code| !self.profile.allows(*code)).filter_map(|code| self.profile.severity(code)).max();
        (Verdict::of_worst(worst), self.findings)
    }
}
