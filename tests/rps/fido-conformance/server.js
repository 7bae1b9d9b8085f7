/**
 * A thin relying party over @simplewebauthn/server that speaks the API of the FIDO Alliance's conformance tests: an account
 * for each user name, and four requests. The library makes the options and verifies the responses. The application's part
 * is marked below: sessions, accounts, one challenge for one ceremony, and the rules of §7.1 and §7.2 that the library leaves
 * to the application.
 */
import { createHmac, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';

import express from 'express';
import session from 'express-session';
import {
  SettingsService,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { decodeClientDataJSON } from '@simplewebauthn/server/helpers';

const rpID = 'passrig.test';
const expectedOrigin = 'https://login.passrig.test';
const timeout = 300000;
// The application's: §14.6.2, one answer for an unknown credential and for a wrong signature.
const NOT_VERIFIED = 'the response was not verified';

// The application's: the roots of attestation that it trusts, for each format of a statement with certificates.
const folder = process.env.ATTESTATION_ROOTS;
const certificates = folder ? fs.readdirSync(folder).map((name) => fs.readFileSync(path.join(folder, name))) : [];
for (const identifier of ['packed', 'tpm', 'android-key', 'android-safetynet', 'fido-u2f', 'apple']) {
  SettingsService.setRootCertificates({ identifier, certificates });
}

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
    cookie: { maxAge: 86400000, httpOnly: true, secure: true, sameSite: 'lax' },
  }),
);

app.post('/attestation/options', async (req, res) => {
  const { username, displayName, authenticatorSelection, attestation } = req.body ?? {};
  if (!isName(username)) {
    return failed(res, 'username: expected text');
  }
  const account = accounts.get(username);
  const userID = account?.userID ?? randomBytes(32);
  const options = await generateRegistrationOptions({
    rpName: 'FIDO conformance',
    rpID,
    userID,
    userName: username,
    userDisplayName: displayName,
    timeout,
    attestationType: attestation,
    authenticatorSelection,
    excludeCredentials: account?.credentials.map(descriptor),
  });
  begin(registrations, req, {
    username,
    userID,
    challenge: options.challenge,
    requireUserVerification: authenticatorSelection?.userVerification === 'required',
    requireAttestation: attestation === 'direct',
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
    refuseFrames(req.body);
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
    return failed(res, NOT_VERIFIED);
  }
  const { credential, credentialDeviceType, fmt } = verification.registrationInfo;
  // The application's: §7.1 step 24, a statement where one was asked for. Self attestation is acceptable.
  if (begun.requireAttestation && fmt === 'none') {
    return failed(res, 'expected an attestation statement');
  }
  // The application's: §7.1 steps 25 and 26, a credential ID of at most 1023 bytes, and of one account only.
  if (Buffer.from(credential.id, 'base64url').length > 1023) {
    return failed(res, 'the credential ID is too long');
  }
  if (find(credential.id)) {
    return failed(res, 'the credential is registered already');
  }
  const account = accounts.get(begun.username) ?? { userID: begun.userID, credentials: [] };
  // The application's: options that were made before another session created the account have another user handle.
  if (!account.userID.equals(begun.userID)) {
    return failed(res, 'the user name was taken meanwhile');
  }
  account.credentials.push({ ...credential, deviceType: credentialDeviceType });
  accounts.set(begun.username, account);
  ok(res, {});
});

app.post('/assertion/options', async (req, res) => {
  const { username, userVerification } = req.body ?? {};
  // The API's: an authentication names its user.
  if (!isName(username)) {
    return failed(res, 'username: expected text');
  }
  const credentials = accounts.get(username)?.credentials ?? imaginary(username);
  const options = await generateAuthenticationOptions({
    rpID,
    userVerification,
    timeout,
    allowCredentials: credentials.map(descriptor),
  });
  begin(authentications, req, {
    allowed: credentials.map(({ id }) => id),
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
    return failed(res, NOT_VERIFIED);
  }
  const { account, credential } = found;
  const handle = req.body.response?.userHandle ?? undefined;
  if (handle !== undefined && handle !== account.userID.toString('base64url')) {
    return failed(res, NOT_VERIFIED);
  }
  let verification;
  try {
    refuseFrames(req.body);
    verification = await verifyAuthenticationResponse({
      response: req.body,
      expectedChallenge: begun.challenge,
      expectedOrigin,
      expectedRPID: rpID,
      credential,
      requireUserVerification: begun.requireUserVerification,
    });
  } catch (error) {
    return failed(res, error.message);
  }
  if (!verification.verified) {
    return failed(res, NOT_VERIFIED);
  }
  const { newCounter, credentialDeviceType } = verification.authenticationInfo;
  // The application's: §7.2 step 19, the backup eligibility of the registration.
  if (credentialDeviceType !== credential.deviceType) {
    return failed(res, 'the backup eligibility has changed');
  }
  // The application's: §7.2 step 22 once more, since another request may have stored a counter during the verification.
  if ((newCounter > 0 || credential.counter > 0) && newCounter <= credential.counter) {
    return failed(res, 'the signature counter has not grown');
  }
  credential.counter = newCounter;
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

function begin(ceremonies, req, begun) {
  ceremonies.set(req.sessionID, { ...begun, expires: Date.now() + timeout });
}

// The application's: a challenge is of use once, whatever the result, also of two requests at a time, and until it expires.
function take(ceremonies, req) {
  const begun = ceremonies.get(req.sessionID);
  ceremonies.delete(req.sessionID);
  return begun?.expires > Date.now() ? begun : undefined;
}

// The application's: §7.1 steps 10 and 11, §7.2 steps 13 and 14. No page embeds this RP.
function refuseFrames(response) {
  const { crossOrigin, topOrigin } = decodeClientDataJSON(response.response.clientDataJSON);
  if ((crossOrigin ?? false) !== false || topOrigin !== undefined) {
    throw new Error('expected client data of a page without a frame');
  }
}

const secret = randomBytes(32);

// The application's: §14.6.2, a credential that does not exist, for a user name without an account; always the same one.
function imaginary(username) {
  const id = createHmac('sha256', secret).update(username).digest('base64url');
  return [{ id, transports: ['internal'] }];
}

function isName(username) {
  return typeof username === 'string' && username !== '';
}

function descriptor({ id, transports }) {
  return { id, transports };
}

function find(id) {
  for (const account of accounts.values()) {
    const credential = account.credentials.find((one) => one.id === id);
    if (credential) {
      return { account, credential };
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
