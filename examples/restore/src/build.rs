//! Builds the new database beside the old one, and the new documents, and verifies both.

use std::path::Path;

use appsnap::restore::{Step, Survey};

use crate::feed::Feed;
use crate::ledger::Ledger;
use crate::marks::Role;
use crate::meter::Meter;
use crate::recover;
use crate::run::{Built, Run, point};
use crate::summary::Restored;
use crate::support::{Failure, Outcome, signals};
use crate::verify;

impl Run<'_> {
    /// Builds the new database and the new folder beside the old ones, and verifies both.
    pub fn build(&mut self, survey: &Survey) -> Outcome<Built> {
        let args = self.args;
        let mut ledger = match &args.files {
            Some(files) => Some(Ledger::begin(files, &args.key_names(), self.facts())?),
            None => None,
        };
        if let Some(Ledger::Bucket(bucket)) = &ledger {
            bucket.plan(survey)?;
        }
        let files = ledger.as_ref().map(Ledger::destination);
        let encoding = survey.inspection().and_then(|dump| dump.encoding.as_deref());
        let encoding = encoding.map_or_else(|| "UTF8".to_owned(), |name| String::from_utf8_lossy(name).into_owned());
        let oid = self.server.create_new(&self.names, self.target.as_ref(), &encoding, files.as_deref())?;
        point("created");
        if let Some(target) = &self.target {
            self.server.rehearse_pass_on(&self.names, target)?;
        }
        if let Some(ledger) = &mut ledger {
            ledger.add_fact(recover::NEW_OID, oid.to_string())?;
        }
        let contents = survey.report().contents();
        let total_bytes =
            contents.database_bytes.unwrap_or(0) + if files.is_some() { contents.document_bytes } else { 0 };
        let meter = Meter::new(args.common.quiet, total_bytes);
        let beside = ledger.as_ref().and_then(Ledger::temporary);
        let spool_dir = args.spool_dir.as_deref().or(beside).map_or_else(std::env::temp_dir, Path::to_owned);
        let limits = args.limits.limits();
        let feed = Feed {
            input: &self.input,
            server: &self.server,
            tool: &self.tool,
            transcoder: &self.transcoder,
            database: &self.names.new,
            role: args.role.as_deref(),
            jobs: args.jobs,
            spool_dir,
            documents: ledger.as_ref(),
            limits: &limits,
        };
        let (conversion, delivered) = feed.run(&meter)?;
        point("fed");
        self.input.refuse_changed()?;
        let compared = ledger.as_ref().zip(delivered);
        let counted = verify::verify(&self.server, &self.names.new, survey, compared, &conversion)?;
        self.server.write_to_disk()?;
        if let Some(target) = &self.target {
            self.server.pass_on(&self.names, target)?;
        }
        self.server.mark(&self.names.new, &self.names, Role::Verified, files.as_deref())?;
        if let Some(ledger) = &mut ledger {
            ledger.advance(Step::Verified)?;
        }
        if signals::is_interrupted() {
            return Err(Failure::environment("restoring", "interrupted"));
        }
        point("verified");
        let report = survey.report().contents();
        let restored = Restored {
            archive: self.input.path().to_owned(),
            database: self.server.target.clone(),
            files,
            server_version: self.server.version.clone(),
            tool: self.tool.clone(),
            documents: delivered,
            other_objects_count: match (&ledger, &delivered) {
                (Some(Ledger::Bucket(bucket)), Some(delivered)) => bucket.other_count(delivered),
                _ => 0,
            },
            documents_left_out: if args.files.is_none() { report.documents_count } else { 0 },
            conversion,
            counted,
            replaced: self.target.is_some(),
            kept: None,
        };
        Ok(Built { restored, ledger })
    }

    fn facts(&self) -> Vec<(String, String)> {
        let mut facts = vec![(recover::DATABASE, self.server.target.clone()), (recover::ID, self.names.id.clone())];
        facts.extend(self.server.system.clone().map(|system| (recover::SYSTEM, system)));
        if let Some(kept) = self.kept_folder() {
            facts.push((recover::KEPT, kept.to_string_lossy().into_owned()));
        }
        facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}
