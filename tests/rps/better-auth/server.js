/**
 * The product better-auth with its passkey plugin, through its own endpoints below /api/auth.
 * Everything that answers is the product's; ours is the configuration and the listening.
 */
import crypto from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';

import { passkey } from '@better-auth/passkey';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { toNodeHandler } from 'better-auth/node';

const origin = 'https://login.passrig.test';

const sha256 = (text) => crypto.createHash('sha256').update(text).digest('hex');

const memory = memoryAdapter({ user: [], session: [], account: [], verification: [], passkey: [] });

// A transaction of this adapter copies all of the memory twice: four fifths of the time. Ours, as the product does it
// for databases without transactions; nothing that a passkey's ceremony does is rolled back.
const database = (options) => {
  const adapter = memory(options);
  return { ...adapter, transaction: (work) => work(adapter) };
};

const auth = betterAuth({
  baseURL: origin,
  secret: 'a fixed secret for tests, which protects nothing',
  database,
  emailAndPassword: {
    enabled: true,
    // A slow hash is half of a test's time, and no passkey is in it. Ours, by the product's own option.
    password: {
      hash: async (password) => sha256(password),
      verify: async ({ hash, password }) => hash === sha256(password),
    },
  },
  // A test asks more often in a minute than a person in a year.
  rateLimit: { enabled: false },
  plugins: [passkey({ rpID: 'passrig.test', rpName: 'passrig test', origin })],
});

// HTTPS on the loopback, the port announced on stdout, gone when whoever started it is gone.
const tls = { cert: fs.readFileSync(process.env.TLS_CERT), key: fs.readFileSync(process.env.TLS_KEY) };
const server = https.createServer(tls, toNodeHandler(auth));
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  console.log(`listening ${server.address().port}`);
});
process.stdin.resume().on('end', () => process.exit());
