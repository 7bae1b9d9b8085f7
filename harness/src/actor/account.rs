//! The account of an actor: all requests outside ceremonies.

use super::error::{self, REMOVALS};
use super::{Actor, AttemptError, Probes, Result};
use crate::target_rp::adapter::AccountMode;
use crate::target_rp::{Flow, ListedCredential, Log};
use passrig_authenticator::Ceremony;
use std::sync::Arc;
use url::Url;

impl Actor {
    /// Makes the account, where that is a step of its own, or signs in to an existing one and
    /// empties it if the number of its credentials is limited.
    pub async fn set_up(&mut self, log: &mut Log) -> Result<()> {
        let account = &self.world.target.adapter().account;
        let (mode, is_limited) = (account.mode, account.max_credentials.is_some());
        if mode == AccountMode::Fresh {
            return self.run(Flow::Provision, log).await.map(drop);
        }
        self.run(Flow::Login, log).await?;
        if is_limited { self.empty(log).await } else { Ok(()) }
    }

    /// Removes every credential of the account, if there are not too many.
    async fn empty(&mut self, log: &mut Log) -> Result<()> {
        let listed = self.run(Flow::List, log).await?.credentials.unwrap_or_default();
        let count = listed.len();
        for credential in listed.into_iter().take(REMOVALS) {
            let target = Arc::clone(&self.world.target);
            let inputs = self
                .inputs
                .clone()
                .with("credential_id", credential.credential_id)
                .with("record_id", credential.record_id);
            target.run(Flow::Remove, &mut self.session, &inputs, log).await?;
        }
        match count > REMOVALS {
            // A refusal by a full account would prove nothing.
            true => Err(AttemptError::Full { count }),
            false => Ok(()),
        }
    }

    /// Signs in without a passkey. Where the account begins with a passkey there is nothing to sign
    /// in to.
    pub async fn log_in(&mut self, log: &mut Log) -> Result<()> {
        let profile = self.world.target.adapter();
        if profile.has(Flow::Provision) && !profile.has(Flow::Login) {
            return Err(AttemptError::NoFlow(Flow::Login));
        }
        self.run(Flow::Login, log).await.map(drop)
    }

    /// The state that a probe sees: true if the account has the credential, or if the session is
    /// signed in. `None` without a trusted probe.
    pub(super) async fn probe(
        &mut self,
        ceremony: Ceremony,
        credential_id: &[u8],
        probes: Probes,
        log: &mut Log,
    ) -> Result<Option<bool>> {
        match ceremony {
            Ceremony::Registration if probes.list => self.lists(credential_id, log).await,
            Ceremony::Authentication if probes.whoami => self.ask_signed_in(log).await,
            _ => Ok(None),
        }
    }

    /// True if the RP lists the credential for the account of the session. Without a sign-in there
    /// is none.
    pub async fn lists(&mut self, id: &[u8], log: &mut Log) -> Result<Option<bool>> {
        match self.run(Flow::List, log).await {
            Ok(done) => Ok(done.credentials.map(|all| all.iter().any(|one| one.has_id(id)))),
            Err(AttemptError::Target(error)) if error::is_unauthorised(&error) => Ok(Some(false)),
            Err(error) => Err(error),
        }
    }

    /// The credentials of the account, as the RP lists them.
    pub async fn credentials(&mut self, log: &mut Log) -> Result<Vec<ListedCredential>> {
        let listed = self.run(Flow::List, log).await?.credentials;
        listed.ok_or(AttemptError::NoFlow(Flow::List))
    }

    /// Asks the RP to remove a credential, from a page of another site if one is named.
    pub async fn remove(
        &mut self,
        listed: &ListedCredential,
        page: Option<&Url>,
        log: &mut Log,
    ) -> Result<()> {
        let target = Arc::clone(&self.world.target);
        if !target.adapter().has(Flow::Remove) {
            return Err(AttemptError::NoFlow(Flow::Remove));
        }
        let inputs = self.inputs.clone().with("credential_id", &listed.credential_id);
        let inputs = inputs.with("record_id", &listed.record_id);
        self.session.visit(page.cloned());
        let done = target.run(Flow::Remove, &mut self.session, &inputs, log).await;
        self.session.visit(None);
        Ok(done.map(drop)?)
    }

    /// The name of the user in the adapter: `username` or `email`.
    pub fn name(&self, variable: &str) -> Option<&str> {
        self.inputs.value(variable)
    }

    /// True if a user is signed in in this session.
    pub async fn ask_signed_in(&mut self, log: &mut Log) -> Result<Option<bool>> {
        Ok(self.run(Flow::Whoami, log).await?.signed_in)
    }

    /// The user who is signed in in this session, if the RP reports it.
    pub async fn user(&mut self, log: &mut Log) -> Result<Option<String>> {
        Ok(self.run(Flow::Whoami, log).await?.user)
    }

    /// Signs out.
    pub async fn log_out(&mut self, log: &mut Log) -> Result<()> {
        self.run_required(Flow::Logout, log).await
    }

    /// Prepares for the loss of the passkey. The actor keeps the recovery data of the RP, also in
    /// another browser.
    pub async fn prepare(&mut self, log: &mut Log) -> Result<()> {
        let target = Arc::clone(&self.world.target);
        self.run_required(Flow::Prepare, log).await?;
        let steps = target.adapter().steps(Flow::Prepare);
        for capture in steps.iter().flat_map(|step| &step.captures) {
            if let Some(text) = self.session.variable(&capture.name).and_then(|v| v.as_str()) {
                self.inputs = self.inputs.clone().with(&capture.name, text);
            }
        }
        Ok(())
    }

    /// Signs in without a passkey, by the recovery of the RP.
    pub async fn recover(&mut self, log: &mut Log) -> Result<()> {
        self.run_required(Flow::Recover, log).await
    }

    /// Deletes the account, and the session with it.
    pub async fn close_account(&mut self, log: &mut Log) -> Result<()> {
        self.run_required(Flow::Close, log).await
    }

    /// Reads a path of the RP as a browser does, with or without the cookies of the session.
    pub async fn read(
        &mut self,
        url: &Url,
        with_cookies: bool,
        log: &mut Log,
    ) -> Result<crate::target_rp::transport::HttpResponse> {
        let session = with_cookies.then_some(&self.session);
        Ok(self.world.target.read(url, session, &self.inputs, log).await?)
    }

    /// Runs a flow that the adapter must have.
    async fn run_required(&mut self, flow: Flow, log: &mut Log) -> Result<()> {
        match self.world.target.adapter().has(flow) {
            true => self.run(flow, log).await.map(drop),
            false => Err(AttemptError::NoFlow(flow)),
        }
    }

    async fn run(&mut self, flow: Flow, log: &mut Log) -> Result<crate::target_rp::FlowOutput> {
        let target = Arc::clone(&self.world.target);
        Ok(target.run(flow, &mut self.session, &self.inputs, log).await?)
    }
}
