import type { JSX } from 'react'
import { Notice } from './notices.js'
import type { TableTexts } from './texts.js'
import type { Bulk } from './useBulk.js'

/** That rows are deleted, and can come back for some seconds; and what came of changing several. */
export function BulkNotices({ bulk, texts }: { readonly bulk: Bulk; readonly texts: TableTexts }): JSX.Element {
  const { waiting, undo, outcome, dismiss } = bulk
  const reasons = [...new Set(outcome?.failed.map(each => each.reason) ?? [])].join(' ')
  return (
    <>
      {waiting.length > 0 && <Notice actions={[[texts.undo, undo]]}>{texts.removed(waiting.length)}</Notice>}
      {outcome && (
        <Notice
          severity={outcome.failed.length ? 'error' : 'success'}
          role={outcome.failed.length ? 'alert' : 'status'}
          actions={[[texts.close, dismiss]]}
        >
          {texts.bulkDone(outcome.done, outcome.failed.length, reasons)}
        </Notice>
      )}
    </>
  )
}
