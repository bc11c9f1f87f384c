/** The demo's own doors (helpdesk/demo.py). */
export async function post(path: 'token' | 'restart', fields: Record<string, string> = {}): Promise<unknown> {
  const csrf = /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? ''
  const answer = await fetch(`/demo/${path}/`, {
    method: 'POST',
    headers: { 'X-CSRFToken': csrf },
    body: new URLSearchParams(fields),
  })
  if (!answer.ok) throw new Error(`The demo's server answers ${answer.status}.`)
  return answer.json()
}
