// Prints every word that a running daemon hears.  Needs: npm install
import { Subscriber } from "zeromq"

const directory = process.env.XDG_RUNTIME_DIR ? `${process.env.XDG_RUNTIME_DIR}/kws` : "/run/kws"
const socket = new Subscriber()
socket.subscribe("kws/detection/")
socket.connect(process.env.KWS_EVENTS ?? `ipc://${directory}/events`)

const last = new Map()
for await (const [topic, body] of socket) {
  const event = JSON.parse(body)
  const key = event.boot + topic
  if (last.has(key) && event.seq !== last.get(key) + 1) console.error(`messages lost: ${topic}`)
  last.set(key, event.seq)
  console.log(`${event.keyword} (${event.score}) ended at sample ${event.end}`)
}
