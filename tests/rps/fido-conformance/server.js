/**
 * A thin relying party over @simplewebauthn/server that speaks the API of the FIDO Alliance's conformance tests: an account
 * for each user name, and four requests. The library makes the options and verifies the responses. The application's part
 * is marked below: sessions, accounts, one challenge for one ceremony, and the rules of §7.1 and §7.2 that the library leaves
 * to the application.
 */
import fs from 'node:fs';
import https from 'node:https';

import express from 'express';
import session from 'express-session';
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';

const rpID = 'passrig.test';
const expectedOrigin = 'https://login.passrig.test';

// The application's: accounts by user name, and the ceremony that each session has begun.
const accounts = new Map();
const registrations = new Map();
const authentications = new Map();

const app = express();
app.use(express.json());
app.use(
  session({
    secret: 'secret123',
    saveUninitialized: true,
    resave: false,
    cookie: { maxAge: 86400000, httpOnly: true },
  }),
);

app.post('/attestation/options', async (req, res) => {
  const { username, displayName, authenticatorSelection, attestation } = req.body ?? {};
  if (typeof username !== 'string' || username === '') {
    return failed(res, 'username: expected text');
  }
  const account = accounts.get(username);
  const userID = account?.userID ?? crypto.getRandomValues(new Uint8Array(32));
  const options = await generateRegistrationOptions({
    rpName: 'FIDO conformance',
    rpID,
    userID,
    userName: username,
    userDisplayName: displayName,
    attestationType: attestation,
    authenticatorSelection,
    excludeCredentials: account?.credentials.map(descriptor),
  });
  registrations.set(req.sessionID, {
    username,
    userID,
    challenge: options.challenge,
    requireUserVerification: authenticatorSelection?.userVerification === 'required',
  });
  ok(res, options);
});

app.post('/attestation/result', async (req, res) => {
  const begun = take(registrations, req);
  if (!begun) {
    return failed(res, 'the session has begun no registration');
  }
  let verification;
  try {
    verification = await verifyRegistrationResponse({
      response: req.body,
      expectedChallenge: begun.challenge,
      expectedOrigin,
      expectedRPID: rpID,
      requireUserVerification: begun.requireUserVerification,
    });
  } catch (error) {
    return failed(res, error.message);
  }
  if (!verification.verified) {
    return failed(res, 'the response was not verified');
  }
  // The application's: §7.1 step 27, a credential ID of one account only.
  const { credential } = verification.registrationInfo;
  if (find(credential.id)) {
    return failed(res, 'the credential is registered already');
  }
  const account = accounts.get(begun.username) ?? {
    userID: Buffer.from(begun.userID),
    credentials: [],
  };
  account.credentials.push(credential);
  accounts.set(begun.username, account);
  ok(res, {});
});

app.post('/assertion/options', async (req, res) => {
  const { username, userVerification } = req.body ?? {};
  // The API's: an authentication names its user.
  const account = accounts.get(username);
  if (!account) {
    return failed(res, 'the user name is unknown');
  }
  const options = await generateAuthenticationOptions({
    rpID,
    userVerification,
    allowCredentials: account.credentials.map(descriptor),
  });
  authentications.set(req.sessionID, {
    allowed: account.credentials.map(({ id }) => id),
    challenge: options.challenge,
    requireUserVerification: userVerification === 'required',
  });
  ok(res, options);
});

app.post('/assertion/result', async (req, res) => {
  const begun = take(authentications, req);
  if (!begun) {
    return failed(res, 'the session has begun no authentication');
  }
  // The application's: §7.2 steps 5 and 6, the credential and its account.
  const found = find(req.body?.id);
  if (!found || !begun.allowed.includes(req.body.id)) {
    return failed(res, 'the credential is unknown or not allowed');
  }
  const handle = req.body.response?.userHandle ?? undefined;
  const owner = found.account.userID;
  if (handle !== undefined && (typeof handle !== 'string' || !owner.equals(Buffer.from(handle, 'base64url')))) {
    return failed(res, 'the user handle is of another account');
  }
  let verification;
  try {
    verification = await verifyAuthenticationResponse({
      response: req.body,
      expectedChallenge: begun.challenge,
      expectedOrigin,
      expectedRPID: rpID,
      credential: found.credential,
      requireUserVerification: begun.requireUserVerification,
    });
  } catch (error) {
    return failed(res, error.message);
  }
  if (!verification.verified) {
    return failed(res, 'the response was not verified');
  }
  found.credential.counter = verification.authenticationInfo.newCounter;
  ok(res, {});
});

// The API's form of an error that the routes above do not handle, such as JSON that cannot be read.
app.use((error, _req, res, _next) => {
  res.status(error.status ?? 500).send({ status: 'failed', errorMessage: error.message });
});

function ok(res, body) {
  res.send({ ...body, status: 'ok', errorMessage: '' });
}

function failed(res, errorMessage) {
  res.status(400).send({ status: 'failed', errorMessage });
}

// The application's: a challenge is of use once, whatever the result, also of two requests at a time.
function take(ceremonies, req) {
  const begun = ceremonies.get(req.sessionID);
  ceremonies.delete(req.sessionID);
  return begun;
}

function descriptor({ id, transports }) {
  return { id, transports };
}

function find(id) {
  for (const [username, account] of accounts) {
    const credential = account.credentials.find((one) => one.id === id);
    if (credential) {
      return { username, account, credential };
    }
  }
}

// HTTPS on the loopback, the port announced on stdout; the server ends with the process that started it.
const tls = { cert: fs.readFileSync(process.env.TLS_CERT), key: fs.readFileSync(process.env.TLS_KEY) };
const server = https.createServer(tls, app);
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  console.log(`listening ${server.address().port}`);
});
process.stdin.resume().on('end', () => process.exit());
