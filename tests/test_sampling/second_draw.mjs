// A second implementation of the draw, written from its rules alone, in another language.
//
//     node second_draw.mjs draw-certificate.json frame-keys.csv
//
// Prints who is drawn and who is in reserve, one "sample|reserve,person_key,stratum" a line, in the order of
// stratum and draw; then "seed,HEX" where a ceremony made the seed. It compares nothing: the caller does.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const sha256 = (...parts) => createHash("sha256").update(parts.join("|"), "utf8").digest("hex");
const chance = (...parts) => BigInt("0x" + sha256(...parts).slice(0, 13));
const byText = (a, b) => (a < b ? -1 : a > b ? 1 : 0); // ASCII only: code units are the bytes
const [certificatePath, framePath] = process.argv.slice(2);
const certificate = JSON.parse(readFileSync(certificatePath, "utf8"));
const [header, ...rows] = readFileSync(framePath, "utf8").trimEnd().split("\n").map((line) => line.split(","));
const column = (name) => header.indexOf(name);
const plan = certificate.coordination;
let persons = rows.map((row) => ({
  key: row[column("person_key")],
  stratum: row[column("stratum")],
  home: row[column("household_key")] ?? "",
  place: Number(row[column("place")] ?? 0),
}));

const seed = certificate.ceremony
  ? sha256("hyohon ceremony v1", certificate.ceremony.commitment, certificate.ceremony.nonce,
      ...certificate.ceremony.entropies)
  : certificate.seed;
const key = plan ? certificate.key_hex : sha256("hyohon draw v1", seed);

if (certificate.one_per_household) {
  const second = sha256("hyohon household v1", plan ? key : seed);
  const homes = new Map();
  for (const person of persons) {
    person.lot = sha256(second, person.key);
    if (person.home !== "") homes.set(person.home, [...(homes.get(person.home) ?? []), person]);
  }
  persons = persons.filter((person) => {
    const members = homes.get(person.home) ?? [];
    if (members.length === 0 || members.length > certificate.one_per_household.largest) return true;
    return members.every((other) => byText(person.lot + person.key, other.lot + other.key) <= 0);
  });
}

// The persons of a stratum who come after a number, walking round the circle once.
const around = (numbered, after) => [
  ...numbered.filter((person) => person.number > after),
  ...numbered.filter((person) => person.number <= after),
];
const onArc = (number, { after, to }) =>
  after < to ? number > after && number <= to : number > after || number <= to;

function walk(numbered, stratum, wanted) {
  if (!plan) return numbered;
  const arc = plan.arcs.find((one) => one.stratum === stratum);
  if (!arc) return around(numbered, sha256("hyohon start v1", seed));
  const circle = around(numbered, arc.after);
  const taken = numbered.filter((person) => onArc(person.number, arc)).length;
  let skip = 0;
  if (plan.kind === "rotate") skip = Math.ceil(taken / plan.panels);
  if (plan.kind === "negative") {
    const free = Math.max(0, numbered.length - taken - wanted);
    skip = taken + Number(chance("hyohon start v1", seed, stratum) % BigInt(free + 1));
  }
  return [...circle.slice(skip % numbered.length), ...circle.slice(0, skip % numbered.length)];
}

const lines = { sample: [], reserve: [] };
for (const { stratum, sample, reserve = 0 } of certificate.strata) {
  const members = persons.filter((person) => person.stratum === stratum);
  let drawn;
  if (certificate.method === "systematic") {
    members.sort((a, b) => a.place - b.place);
    const whole = 16n ** 13n;
    const start = chance("hyohon systematic v1", seed, stratum);
    drawn = Array.from({ length: sample }, (_, step) =>
      members[Number(((start + BigInt(step) * whole) * BigInt(members.length)) / (BigInt(sample) * whole))]);
  } else {
    for (const person of members) person.number = sha256(key, person.key);
    members.sort((a, b) => byText(a.number + a.key, b.number + b.key));
    drawn = walk(members, stratum, sample + reserve).slice(0, sample + reserve);
  }
  drawn.forEach((person, at) =>
    lines[at < sample ? "sample" : "reserve"].push(`${person.key},${stratum}`));
}
for (const what of ["sample", "reserve"]) for (const line of lines[what]) console.log(`${what},${line}`);
if (certificate.ceremony) console.log(`seed,${seed}`);
