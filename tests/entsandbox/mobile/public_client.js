// What the public client scolengo-api, unmodified, sees of a sandbox; its findings go out as one JSON object.
// Argument: {url, modules, login, password, uai, studentLogin?}. Nothing but its address is told to the client.
'use strict'
const { createRequire } = require('node:module')
const { createHash, randomBytes } = require('node:crypto')

const told = JSON.parse(process.argv[2])
const from = createRequire(told.modules + '/package.json')
const { Skolengo } = from('scolengo-api')
const axios = from('axios')

const REDIRECT = 'skoapp-prod://sign-in-callback'
const api = told.url + '/api/v1/bff-sko-app'
const day = (ahead) => new Date(Date.now() + ahead * 864e5).toISOString().slice(0, 10)

/** A browser's way from the authorization endpoint to the app's own address: cookies, form, redirects. */
async function signOn (address, login, password) {
  const cookies = new Map()
  const open = async (url, body) => {
    const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }
    const answer = await fetch(url, { redirect: 'manual', headers, method: body ? 'POST' : 'GET', body })
    for (const line of answer.headers.getSetCookie()) {
      const [pair] = line.split(';')
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
    }
    return answer
  }
  let url = address
  for (let hop = 0; hop < 10; hop++) {
    let answer = await open(url)
    if (answer.status === 200) {
      const fields = { username: login, password }
      for (const [tag] of (await answer.text()).matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
        fields[tag.match(/name="([^"]*)"/)[1]] = tag.match(/value="([^"]*)"/)[1]
      }
      answer = await open(url, new URLSearchParams(fields))
    }
    const next = answer.headers.get('location')
    if (next === null) throw new Error(`${answer.status} at ${url}: ${await answer.text()}`)
    if (next.startsWith(REDIRECT)) return next
    url = new URL(next, url).href
  }
  throw new Error('redirected in a circle')
}

async function tokens (oidClient) {
  const verifier = randomBytes(32).toString('base64url')
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  const [state, nonce] = [randomBytes(8).toString('hex'), randomBytes(8).toString('hex')]
  const asked = { scope: 'openid profile', code_challenge: challenge, code_challenge_method: 'S256', state, nonce }
  const back = await signOn(oidClient.authorizationUrl(asked), told.login, told.password)
  return await oidClient.callback(REDIRECT, oidClient.callbackParams(back), { code_verifier: verifier, state, nonce })
}

async function main () {
  const schools = await Skolengo.searchSchool({ text: told.uai }, 10, 0, { baseURL: api })
  const school = schools[0]
  const oidClient = await Skolengo.getOIDClient(school)
  const tokenSet = await tokens(oidClient)
  const refreshed = []
  const httpClient = axios.create({ baseURL: api })
  const user = new Skolengo(oidClient, school, tokenSet, { httpClient, onTokenRefresh: (set) => refreshed.push(set) })
  const info = await user.getUserInfo()
  const student = info.students?.[0]?.id ?? info.id
  const found = { school, info, claims: tokenSet.claims(), userinfo: await oidClient.userinfo(tokenSet) }
  found.nearest = await Skolengo.searchSchool({ lat: 45.76, lon: 4.84 }, 2, 0, { baseURL: api })
  found.app = await Skolengo.getAppCurrentConfig({ baseURL: api })

  const agenda = await user.getAgenda(student, day(-6), day(5))
  const lesson = agenda.flatMap((each) => each.lessons).find((each) => each.anyContent)
  found.agenda = { class: agenda.constructor.name, days: [...agenda], calendar: agenda.toICalendar() }
  found.lesson = await user.getLesson(student, lesson.id)
  const attachment = agenda.flatMap((each) => each.lessons).map((each) => each.id)
  for (const id of attachment) {
    const held = (await user.getLesson(student, id)).contents.flatMap((each) => each.attachments)
    if (held.length > 0) {
      let bytes = 0
      for await (const piece of await user.downloadAttachment(held[0])) bytes += piece.length
      found.download = { attachment: held[0], bytes }
      break
    }
  }

  const homework = await user.getHomeworkAssignments(student, day(-5), day(8))
  found.homework = homework
  found.oneHomework = await user.getHomeworkAssignment(student, homework[0].id)
  found.marking = await user.patchHomeworkAssignment(student, homework[0].id, { done: true })
    .then(async (done) => ({ done, again: await user.getHomeworkAssignment(student, homework[0].id) }))
    .catch((error) => ({ refused: { name: error.name, status: error.status, detail: error.detail } }))

  const [settings] = await user.getEvaluationSettings(student)
  found.evaluationSettings = settings
  found.evaluations = await user.getEvaluation(student, settings.periods[0].id)
  const evaluated = found.evaluations.find((each) => each.evaluations.length > 0)
  found.evaluation = await user.getEvaluationDetail(student, evaluated.evaluations[0].id)
  found.reports = await user.getPeriodicReportsFiles(student)
  let text = ''
  for await (const piece of await user.downloadAttachment(found.reports[0])) text += piece
  found.report = text

  const absences = await user.getAbsenceFiles(student)
  found.absences = { class: absences.constructor.name, files: [...absences], table: absences.toCSV() }
  if (absences.length > 0) found.absence = await user.getAbsenceFile(absences[0].id)
  found.reasons = await user.getAbsenceReasons()

  found.news = await user.getSchoolInfos()
  found.oneNews = await user.getSchoolInfo(found.news[0].id)

  const mail = await user.getUsersMailSettings()
  found.mail = mail
  const inbox = mail.folders.find((each) => each.type === 'INBOX')
  found.letters = await user.getCommunicationsFolder(inbox.id)
  const unread = found.letters.find((each) => !each.read) ?? found.letters[0]
  found.participations = await user.getCommunicationParticipations(unread.id)
  found.readNow = await user.getCommunication(unread.id)
  found.participants = await user.getCommunicationParticipants(unread.id)
  const to = mail.contacts.find((each) => each.person !== undefined)
  found.sent = await user.postCommunication({
    type: 'communication',
    attributes: { subject: 'Question', firstParticipationContent: '<p>Bonjour, le devoir 3 ?</p>' },
    relationships: { toRecipients: { data: [{ type: 'personContact', id: to.id }] } }
  })
  found.to = to
  found.reply = await user.postParticipation({
    type: 'participation',
    attributes: { content: '<p>Merci & à demain</p>' },
    relationships: { communication: { data: { type: 'communication', id: found.sent.id } } }
  })
  found.thread = await user.getCommunicationParticipations(found.sent.id)
  const trash = mail.folders.find((each) => each.type === 'TRASH')
  await user.patchCommunicationFolders(found.sent.id, [{ id: trash.id, type: 'folders' }])
  found.trash = await user.getCommunicationsFolder(trash.id)

  user.tokenSet.access_token = 'AT-spoilt'
  found.afterRefresh = (await user.getUserInfo()).id
  found.refreshed = refreshed.length
  await Skolengo.revokeToken(oidClient, user.tokenSet.refresh_token)
  found.afterRevocation = await user.getUserInfo().then(() => 'still good', (error) => error.message)
  return found
}

main().then(
  (found) => process.stdout.write(JSON.stringify(found)),
  (error) => {
    const answer = error.response ? JSON.stringify(error.response.data) + ' ' + error.response.config?.url : ''
    process.stderr.write(`${error.stack} ${answer}\n`)
    process.exitCode = 1
  }
)
