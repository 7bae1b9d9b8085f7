// Judges ceremonies for the library table: one as JSON on each line of stdin, one verdict on each line of stdout. The
// argument is a folder of `passrig trust export`.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import {
  SettingsService,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';

const [, , trust] = process.argv;
const pem = (name) => readFileSync(`${trust}/roots/${name}.pem`, 'utf8');
for (const identifier of ['packed', 'tpm', 'android-key', 'android-safetynet', 'fido-u2f', 'apple']) {
  SettingsService.setRootCertificates({ identifier, certificates: [pem(identifier), pem('common')] });
}

const expected = { expectedOrigin: 'https://login.passrig.test', expectedRPID: 'passrig.test' };

async function judge({ creation, request }) {
  const registration = await verifyRegistrationResponse({
    ...expected,
    response: creation.response,
    expectedChallenge: creation.options.challenge,
    supportedAlgorithmIDs: creation.options.pubKeyCredParams.map(({ alg }) => alg),
  });
  if (!registration.verified) throw new Error('registration: not verified');
  const authentication = await verifyAuthenticationResponse({
    ...expected,
    response: request.response,
    expectedChallenge: request.options.challenge,
    credential: registration.registrationInfo.credential,
  });
  if (!authentication.verified) throw new Error('authentication: not verified');
}

for await (const line of createInterface({ input: process.stdin })) {
  const ceremonies = JSON.parse(line);
  let refused = null;
  try {
    await judge(ceremonies);
  } catch (error) {
    refused = error.cause ? `${error.message}: ${error.cause.message}` : error.message;
  }
  console.log(JSON.stringify({ name: ceremonies.name, refused }));
}
