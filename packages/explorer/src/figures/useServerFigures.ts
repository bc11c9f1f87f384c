import { useEffect, useState } from 'react'
import { ask, type Figures } from '../server'

/** Answers that are kept: four minutes. */
export const MOST_ANSWERS = 120
const EVERY_MS = 2_000

/** One answer, and how long it took. */
export interface Answered {
  readonly at: number
  readonly tookMs: number
  readonly figures: Figures
}

/** The server's figures, asked every two seconds while somebody looks. Another process begins anew. */
export function useServerFigures(isWanted: boolean): {
  readonly answers: readonly Answered[]
  readonly problem: string | null
} {
  const [answers, setAnswers] = useState<readonly Answered[]>([])
  const [problem, setProblem] = useState<string | null>(null)
  useEffect(() => {
    if (!isWanted) return
    let isOver = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const next = async (): Promise<void> => {
      const began = performance.now()
      try {
        const figures = await ask<Figures>('figures/')
        const answered = { at: Date.now(), tookMs: performance.now() - began, figures }
        if (isOver) return
        setProblem(null)
        setAnswers(before => [...of(before, figures.process), answered].slice(-MOST_ANSWERS))
      } catch (error) {
        if (!isOver) setProblem((error as Error).message)
      }
      if (!isOver) timer = setTimeout(next, EVERY_MS)
    }
    void next()
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [isWanted])
  return { answers, problem }
}

const of = (answers: readonly Answered[], process: number): readonly Answered[] =>
  answers.filter(({ figures }) => figures.process === process)
