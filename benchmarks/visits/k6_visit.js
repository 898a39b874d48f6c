// The visit of visit_cost.py as k6 lives it: arrivals at a rate, connections of its own each time, six at once.
import http from 'k6/http';
import { sleep } from 'k6';
import exec from 'k6/execution';

const PAGES = __ENV.PAGES.split(',');
const PARTS = __ENV.PARTS.split(',');
const CALLS = __ENV.CALLS.split(',');
const GAP_SECONDS = Number(__ENV.GAP_SECONDS);

export const options = {
  scenarios: {
    visits: {
      executor: 'constant-arrival-rate', rate: Number(__ENV.VISITS_PER_100_S), timeUnit: '100s', duration: '120s',
      preAllocatedVUs: Number(__ENV.VISITORS), maxVUs: Number(__ENV.VISITORS) * 4,
    },
  },
  batch: 20, batchPerHost: 6, noVUConnectionReuse: true, summaryTrendStats: ['p(95)'],
};

function page(answer, etags) {
  if (answer.status !== 200 || !answer.body.includes('ent-service')) exec.test.abort('another page than asked for');
  const asked = [];
  for (const part of PARTS) {
    const headers = etags[part] ? { 'If-None-Match': etags[part] } : {};
    asked.push({ method: 'GET', url: part, params: { headers: headers, responseType: 'none', tags: { name: 'part' } } });
  }
  for (const call of CALLS) asked.push({ method: 'GET', url: call, params: { responseType: 'none', tags: { name: 'call' } } });
  const answers = http.batch(asked);
  for (let each = 0; each < PARTS.length; each++) {
    if (answers[each].status === 200) etags[PARTS[each]] = answers[each].headers['Etag'];
  }
}

export default function () {
  const etags = {};
  const form = http.get(__ENV.LOGIN, { tags: { name: 'login' } });
  const execution = form.body.match(/name="execution" value="([^"]*)"/)[1];
  const landing = http.post(
    __ENV.LOGIN, { username: 'x', password: 'x', execution: execution }, { tags: { name: 'login' } });
  page(landing, etags);
  for (const address of PAGES) {
    sleep(-Math.log(1 - Math.random()) * GAP_SECONDS);
    page(http.get(address, { tags: { name: 'page' } }), etags);
  }
  sleep(-Math.log(1 - Math.random()) * GAP_SECONDS);
}
