/**
 * A thin relying party over @simplewebauthn/server, in the shape of the library's own example server:
 * the same four routes, options and session handling. What is the library's: `generate*Options` and
 * `verify*Response`. What is the application's, as the example shows it: everything else, marked below.
 * It adds no checks of its own, so that what passes here passes in the library or in its example.
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

// The application's: one user, taken as logged in, whoever asks.
const user = { username: `user@${rpID}`, credentials: [] };

const app = express();
app.use(express.json());
// Ours: where nothing was parsed, Express 4 of the example leaves an empty object, Express 5 nothing.
app.use((req, _res, next) => {
  req.body ??= {};
  next();
});
app.use(
  session({
    secret: 'secret123',
    saveUninitialized: true,
    resave: false,
    cookie: { maxAge: 86400000, httpOnly: true },
  }),
);

app.get('/generate-registration-options', async (req, res) => {
  const options = await generateRegistrationOptions({
    rpName: 'SimpleWebAuthn Example',
    rpID,
    userName: user.username,
    timeout: 60000,
    attestationType: 'none',
    excludeCredentials: descriptors(),
    authenticatorSelection: { residentKey: 'discouraged', userVerification: 'preferred' },
    supportedAlgorithmIDs: [-7, -257],
  });

  // The application's: one challenge for each session, the same slot for both ceremonies.
  req.session.currentChallenge = options.challenge;
  res.send(options);
});

app.post('/verify-registration', async (req, res) => {
  let verification;
  try {
    verification = await verifyRegistrationResponse({
      response: req.body,
      // As the example has it: without a challenge in the session, the text "undefined" is expected.
      expectedChallenge: `${req.session.currentChallenge}`,
      expectedOrigin,
      expectedRPID: rpID,
      requireUserVerification: false,
    });
  } catch (error) {
    // The application's: after a refusal the challenge stays in the session.
    return res.status(400).send({ error: error.message });
  }

  const { verified, registrationInfo } = verification;
  if (verified && registrationInfo) {
    // The application's: a credential that it already has is left as it is, and reported as verified.
    const { credential } = registrationInfo;
    if (!user.credentials.some(({ id }) => id === credential.id)) {
      user.credentials.push({
        id: credential.id,
        publicKey: credential.publicKey,
        counter: credential.counter,
        transports: req.body.response.transports,
      });
    }
  }

  req.session.currentChallenge = undefined;
  res.send({ verified });
});

app.get('/generate-authentication-options', async (req, res) => {
  const options = await generateAuthenticationOptions({
    timeout: 60000,
    allowCredentials: descriptors(),
    userVerification: 'preferred',
    rpID,
  });

  req.session.currentChallenge = options.challenge;
  res.send(options);
});

app.post('/verify-authentication', async (req, res) => {
  // The application's: finding the credential, by the id as it was sent.
  const credential = user.credentials.find(({ id }) => id === req.body.id);
  if (!credential) {
    return res.status(400).send({ error: 'Authenticator is not registered with this site' });
  }

  let verification;
  try {
    verification = await verifyAuthenticationResponse({
      response: req.body,
      expectedChallenge: `${req.session.currentChallenge}`,
      expectedOrigin,
      expectedRPID: rpID,
      credential,
      requireUserVerification: false,
    });
  } catch (error) {
    return res.status(400).send({ error: error.message });
  }

  const { verified, authenticationInfo } = verification;
  if (verified) {
    credential.counter = authenticationInfo.newCounter;
  }

  req.session.currentChallenge = undefined;
  res.send({ verified });
});

function descriptors() {
  return user.credentials.map(({ id, transports }) => ({ id, type: 'public-key', transports }));
}

// Ours: a page over the library's other half, as its example has one.
app.get('/', (_req, res) => res.sendFile('page.html', { root: process.cwd() }));
app.use('/browser', express.static('node_modules/@simplewebauthn/browser/dist/bundle'));

// Ours: HTTPS on the loopback, the port announced on stdout, gone when whoever started it is gone.
const tls = { cert: fs.readFileSync(process.env.TLS_CERT), key: fs.readFileSync(process.env.TLS_KEY) };
const server = https.createServer(tls, app);
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  console.log(`listening ${server.address().port}`);
});
process.stdin.resume().on('end', () => process.exit());
