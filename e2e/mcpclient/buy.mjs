// An agent that buys through Postern over MCP, with the SDK for JavaScript that most hosts are made of, and nothing of Postern's own.
//
//   node buy.mjs path/to/postern
//
// It starts `postern demo`, reads the addresses from what the demo prints for people to try, completes a purchase, and looks at Stripe's
// ledger. Every line that it prints was checked; the first thing that is wrong ends it with status 1.
//
// A new lock, after a change of package.json: npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved; it must
// hold no "resolved".
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { randomUUID } from 'node:crypto'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { discoverOAuthProtectedResourceMetadata } from '@modelcontextprotocol/sdk/client/auth.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

const VERSION = '2026-04-17'
const TOKEN = 'mcp-e2e-' + randomUUID()
const LIMIT = 120_000 // milliseconds, for everything

const tell = (what) => console.log(`mcp: ${what}`)

let child // the demo's process

// demo starts the four parties and finds what an agent's platform knows of them.
async function demo(postern) {
  child = spawn(postern, ['demo', '--token', TOKEN], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  const ready = new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      text += chunk
      if (text.includes('gateway.yaml, shop.yaml and the gateway')) resolve()
    })
    child.on('error', reject)
    child.on('exit', (code) => reject(new Error(`the demo ended with status ${code}:\n${text}`)))
  })
  await ready
  child.removeAllListeners('exit')
  const find = (pattern) => {
    const found = text.match(pattern)
    assert.ok(found, `the demo does not print ${pattern}:\n${text}`)
    return found.slice(1)
  }
  const [gateway] = find(/"(http:\/\/[^/"]+)\/checkout_sessions/)
  const [stripe, key, stripeVersion] = find(/(http:\/\/[^/ ]+)\/v1\/shared_payment\/issued_tokens -u ([^: ]+): -H "Stripe-Version: ([^"]+)"/)
  const [seller] = find(/network_business_profile\]=([^" ]+)"/)
  const [ledger, sellerKey] = find(/curl -sS (http:\/\/\S*\/ledger) -u ([^: ]+):/)
  const basic = (user) => 'Basic ' + Buffer.from(user + ':').toString('base64')
  return {
    gateway,
    // mint makes a payment token for the seller, as the agent's platform does.
    async mint(amount, method = 'pm_card_visa') {
      const answer = await fetch(`${stripe}/v1/shared_payment/issued_tokens`, {
        method: 'POST',
        headers: { Authorization: basic(key), 'Stripe-Version': stripeVersion },
        body: new URLSearchParams({
          payment_method: method,
          'usage_limits[currency]': 'usd',
          'usage_limits[max_amount]': String(amount),
          'usage_limits[expires_at]': String(Math.floor(Date.now() / 1000) + 3600),
          'seller_details[network_business_profile]': seller,
        }),
      })
      const body = await answer.json()
      assert.equal(answer.status, 200, JSON.stringify(body))
      return body.id
    },
    // captured is what Stripe took, payment by payment.
    async captured() {
      const answer = await fetch(ledger, { headers: { Authorization: basic(sellerKey) } })
      const { intents } = await answer.json()
      return intents.filter((i) => i.captured > 0).map((i) => i.captured)
    },
    async end() {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit')
        child.kill('SIGINT')
        await ended
      }
      return child.exitCode
    },
  }
}

// connect is an MCP client with a bearer token, as a host is configured with one.
async function connect(endpoint, token) {
  const client = new Client({ name: 'postern-e2e', version: '0.0.0' })
  const headers = token ? { Authorization: `Bearer ${token}` } : {}
  await client.connect(new StreamableHTTPClientTransport(new URL(endpoint), { requestInit: { headers } }))
  return client
}

// call calls a tool and checks the form of what comes back.
async function call(client, name, { id, payload, key = randomUUID(), version = VERSION } = {}) {
  const meta = { api_version: version, request_id: 'e2e-' + randomUUID() }
  if (key !== null) meta.idempotency_key = key
  const result = await client.callTool({ name, arguments: { meta, ...(id && { id }), ...(payload && { payload }) } })
  assert.equal(result.isError ?? false, false, JSON.stringify(result))
  assert.equal(result.content.length, 1)
  assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent, `${name}: the text mirrors the structured content`)
  assert.equal(result._meta.request_id, meta.request_id)
  return { body: result.structuredContent, text: result.content[0].text, replayed: result._meta.idempotent_replayed === true }
}

// refused expects a JSON-RPC error, and gives the ACP error in it.
async function refused(what, promise, code, acp) {
  const error = await promise.then(
    (r) => assert.fail(`${what} was not refused: ${JSON.stringify(r)}`),
    (e) => e,
  )
  assert.equal(error.code, code, `${what}: ${error}`)
  if (acp) {
    assert.equal(error.data?.code, acp, `${what}: ${JSON.stringify(error.data)}`)
    assert.ok(error.data.type && error.data.message, what)
  }
  tell(`${what}: ${acp ?? error.message}`)
  return error.data
}

const total = (session) => session.totals.find((t) => t.type === 'total').amount

const buyer = { first_name: 'Ada', last_name: 'Lovelace', email: 'ada@example.com', phone_number: '+15595550100' }
const fulfillment = {
  name: 'Ada Lovelace',
  email: 'ada@example.com',
  address: { name: 'Ada Lovelace', line_one: '1 Analytical Way', city: 'Fresno', state: 'CA', country: 'US', postal_code: '93650' },
}
const paying = (session, token) => ({
  buyer,
  payment_data: {
    handler_id: session.capabilities.payment.handlers[0].id,
    instrument: { type: 'card', credential: { type: 'spt', token } },
    billing_address: fulfillment.address,
  },
})

async function strangers(endpoint) {
  await assert.rejects(connect(endpoint, ''), /401|Unauthorized/i)
  await assert.rejects(connect(endpoint, 'not-a-token'), /401|Unauthorized/i)
  const answer = await fetch(endpoint, { method: 'POST', body: '{}' })
  assert.equal(answer.status, 401)
  const [, pointer] = answer.headers.get('www-authenticate').match(/resource_metadata="([^"]+)"/)
  const metadata = await discoverOAuthProtectedResourceMetadata(endpoint, { resourceMetadataUrl: pointer })
  assert.equal(metadata.resource, endpoint)
  assert.deepEqual(await discoverOAuthProtectedResourceMetadata(endpoint), metadata)
  const page = await fetch(endpoint, { method: 'POST', body: '{}', headers: { Origin: 'https://evil.example', Authorization: `Bearer ${TOKEN}` } })
  assert.equal(page.status, 403)
  tell('strangers are turned away and told where the metadata is; web pages of other origins too')
}

async function tools(client) {
  const list = (await client.listTools()).tools
  const names = list.map((t) => t.name)
  for (const verb of ['create', 'get', 'update', 'complete', 'cancel']) assert.ok(names.includes(`${verb}_checkout_session`), names)
  for (const t of list) {
    assert.equal(t.inputSchema.type, 'object')
    assert.ok(t.inputSchema.required.includes('meta'))
    assert.doesNotMatch(JSON.stringify(t.inputSchema), /\$ref|authorization|bearer/i)
  }
  tell(`tools: ${names.sort().join(', ')}`)
  return names
}

async function purchase(client, d) {
  const before = await d.captured()
  const key = randomUUID()
  const items = { line_items: [{ id: 'CUP-0002' }], currency: 'usd', capabilities: {} }
  const first = await call(client, 'create_checkout_session', { payload: items, key })
  const { id, status } = first.body
  assert.equal(status, 'not_ready_for_payment')
  const again = await call(client, 'create_checkout_session', { payload: items, key })
  assert.ok(again.replayed && again.text === first.text, 'a repeated create is answered the same')
  tell(`created ${id} for ${total(first.body)}; repeated, it is answered the same`)

  let session = (await call(client, 'update_checkout_session', { id, payload: { buyer, fulfillment_details: fulfillment } })).body
  const option = session.fulfillment_options.at(-1)
  const choice = { type: option.type, option_id: option.id, item_ids: session.line_items.map((l) => l.id) }
  session = (await call(client, 'update_checkout_session', { id, payload: { selected_fulfillment_options: [choice] } })).body
  assert.equal(session.status, 'ready_for_payment', JSON.stringify(session.messages))
  tell(`updated: ${session.line_items[0].name}, ${option.title}, ${total(session)}`)

  const declined = await call(client, 'complete_checkout_session', {
    id, payload: paying(session, await d.mint(total(session), 'pm_card_chargeDeclinedInsufficientFunds')),
  })
  assert.notEqual(declined.body.status, 'completed')
  assert.ok(declined.body.messages.some((m) => m.type === 'error' && m.code === 'payment_declined'), declined.text)
  tell('a declined card: told in the session, and nothing was charged')

  const pay = { id, payload: paying(session, await d.mint(total(session))), key: randomUUID() }
  const paid = await call(client, 'complete_checkout_session', pay)
  assert.equal(paid.body.status, 'completed', paid.text)
  assert.equal(paid.body.order.checkout_session_id, id)
  const repeated = await call(client, 'complete_checkout_session', pay)
  assert.ok(repeated.replayed && repeated.text === paid.text, 'a repeated complete is answered the same')
  const rest = await fetch(`${d.gateway}/checkout_sessions/${id}/complete`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${TOKEN}`, 'API-Version': VERSION, 'Idempotency-Key': pay.key, 'Content-Type': 'application/json' },
    body: JSON.stringify(pay.payload),
  })
  assert.equal(rest.headers.get('idempotent-replayed'), 'true')
  assert.equal(await rest.text(), paid.text, 'REST replays what MCP answered')
  const read = await call(client, 'get_checkout_session', { id, key: null })
  assert.equal(read.body.order.id, paid.body.order.id)
  assert.deepEqual((await d.captured()).slice(before.length), [total(session)])
  tell(`completed: order ${paid.body.order.id}, ${total(session)} charged once; repeated over MCP and REST, it is answered the same`)
  return { id, session, key, items }
}

// carts prices lines without buying them, and opens a checkout from the cart, where the gateway has the tools for it.
async function carts(client, names) {
  if (!names.includes('create_cart')) return
  const cart = (await call(client, 'create_cart', { payload: { line_items: [{ id: 'CUP-0002' }] } })).body
  const changed = (await call(client, 'update_cart', { id: cart.id, payload: { line_items: [{ id: 'CUP-0002', quantity: 2 }] } })).body
  assert.deepEqual((await call(client, 'get_cart', { id: cart.id, key: null })).body, changed)
  const opened = (await call(client, 'create_checkout_session', { payload: { currency: 'usd', metadata: { cart_id: cart.id } } })).body
  assert.deepEqual(opened.line_items.map((l) => [l.item.id, l.quantity]), [['CUP-0002', 2]])
  await call(client, 'cancel_checkout_session', { id: opened.id })
  await call(client, 'cancel_cart', { id: cart.id })
  await refused('a cart that was canceled', call(client, 'get_cart', { id: cart.id, key: null }), -32000, 'not_found')
  tell(`cart ${cart.id}: made, changed, taken over by a checkout, canceled`)
}

async function errors(client, { id, session, key, items }) {
  const create = (more) => call(client, 'create_checkout_session', { payload: items, ...more })
  await refused('completing again with a new key', call(client, 'complete_checkout_session', { id, payload: paying(session, 'spt_any') }), -32000, 'conflict')
  await refused('canceling what is completed', call(client, 'cancel_checkout_session', { id }), -32000)
  await refused('an unknown session', call(client, 'get_checkout_session', { id: 'cs_unknown', key: null }), -32000, 'not_found')
  await refused('the key of another body', create({ payload: { ...items, order_notes: 'x' }, key }), -32000, 'idempotency_conflict')
  await refused('no key', create({ key: null }), -32000, 'idempotency_key_required')
  const old = await refused('a version without MCP', create({ version: '2025-09-29' }), -32000, 'unsupported_api_version')
  assert.ok(old.supported_versions.includes(VERSION) && !old.supported_versions.includes('2025-09-29'))
  await refused('a bad payload', create({ payload: { ...items, line_items: [{ id: 7 }] } }), -32000)
  await refused('a malformed envelope', client.callTool({ name: 'get_checkout_session', arguments: { meta: { api_version: VERSION } } }), -32602)
  await refused('an unknown tool', client.callTool({ name: 'refund', arguments: {} }), -32602)
  const other = await create()
  const canceled = await call(client, 'cancel_checkout_session', {
    id: other.body.id, payload: { intent_trace: { reason_code: 'timing_deferred', trace_summary: 'The buyer decides next week.' } },
  })
  assert.equal(canceled.body.status, 'canceled')
  tell(`canceled ${other.body.id}`)
}

const late = setTimeout(() => {
  console.error(`mcp: not done after ${LIMIT / 1000} s`)
  child?.kill('SIGKILL')
  process.exit(1)
}, LIMIT)
const d = await demo(process.argv[2] ?? assert.fail('name the postern program: node buy.mjs path/to/postern'))
try {
  const endpoint = `${d.gateway}/mcp`
  await strangers(endpoint)
  const client = await connect(endpoint, TOKEN)
  await carts(client, await tools(client))
  await errors(client, await purchase(client, d))
  await client.close()
} finally {
  assert.equal(await d.end(), 0, 'the demo ends well')
}
clearTimeout(late)
tell('all is well')
