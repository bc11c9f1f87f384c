import type { BindingName } from '@channels-binding/core'
import { useForm } from '@channels-binding/core/react'
import Alert from '@mui/material/Alert'
import Button from '@mui/material/Button'
import Skeleton from '@mui/material/Skeleton'
import Stack from '@mui/material/Stack'
import type { JSX } from 'react'
import { ConflictDialog } from '../ConflictDialog.js'
import { useTexts } from '../languages/texts.js'
import { ServerContext, serverOf } from '../stream.js'
import { FieldView } from './FieldView.js'
import { FormButtons } from './FormButtons.js'
import { FormNotices } from './FormNotices.js'
import { FormsetView } from './FormsetView.js'
import { FORM_TEXTS, type FormTexts } from './formTexts.js'
import { Layout } from './Layout.js'
import type { BindingFormProps, LoadedFormProps } from './props.js'
import { componentOf } from './registry.js'
import { AddingContext } from './relations.js'
import { without } from './submit.js'
import { useFormState } from './useFormState.js'

/** Whether the form can say in the language of the page what is wrong; where it cannot, the server does. */
const canCheck = (says: FormTexts): boolean =>
  says.required !== FORM_TEXTS.required || /^(en|$)/.test(globalThis.document?.documentElement.lang ?? '')

/** A Django form in Material UI: fields, labels, help, choices and errors as the server describes them. */
export function BindingForm<N extends BindingName>(props: BindingFormProps<N>): JSX.Element {
  const { binding, id = null } = props
  const form = useForm(binding, { id })
  const Content = props.slots?.content ?? 'div'
  const texts = useTexts('form', FORM_TEXTS, props.texts)
  if (form.schema)
    return (
      <ServerContext.Provider value={serverOf(binding)}>
        <AddingContext.Provider value={BindingForm}>
          <LoadedForm key={String(id)} {...props} form={form} says={texts} />
        </AddingContext.Provider>
      </ServerContext.Provider>
    )
  if (form.error)
    return (
      <Content>
        <Alert severity="error" action={<Button onClick={() => void form.refetch()}>{texts.retry}</Button>}>
          {form.error.message}
        </Alert>
      </Content>
    )
  return (
    <Content>
      <Stack spacing={2} role="status" aria-label={texts.loading}>
        {[0, 1, 2].map(line => (
          <Skeleton key={line} variant="rounded" height={56} />
        ))}
      </Stack>
    </Content>
  )
}

/** What has the focus is scrolled to where no notice is over it. */
const FIELDS = { pt: 1, '& :is(input, textarea, button, [tabindex])': { scrollMarginBottom: '96px' } } as const

function LoadedForm<N extends BindingName>(props: LoadedFormProps<N>): JSX.Element {
  const { form, components, label, binding, slots, says, layout, conditions } = props
  const world = useFormState(props)
  const { state, fields, formsets, actions, failure, setFailure, submit, isBusy } = world
  const Content = slots?.content ?? 'div'
  const Actions = slots?.actions ?? 'div'
  return (
    <form
      noValidate
      aria-label={label ?? `${binding} form`}
      onSubmit={event => {
        event.preventDefault()
        // A form within another form's dialog is its child in React, though not in the page.
        event.stopPropagation()
        submit()
      }}
      onBlur={world.leave}
      style={{ display: 'contents' }}
    >
      <Content>
        <Stack spacing={2} sx={FIELDS}>
          <Layout
            fields={fields}
            layout={layout}
            conditions={conditions}
            control={state.control}
            render={field => (
              <FieldView
                key={field.name}
                name={field.name}
                field={field}
                control={state.control}
                component={componentOf(field, components)}
                says={says}
                isChecked={canCheck(says)}
                onEdit={() => {
                  world.touch(field.name)
                  setFailure(shown => ({ ...shown, message: null }))
                }}
              />
            )}
          />
          {formsets.map(edited => (
            <FormsetView
              key={edited.formset.name}
              edited={edited}
              actions={actions}
              control={state.control}
              components={components}
              complaints={failure.formsets[edited.formset.name]}
              texts={world.formsetSays}
              disabled={form.isGone || isBusy}
              onEdit={row => setFailure(shown => without(shown, edited.formset.name, row))}
              onType={(name, row) => world.touch(name, edited.formset.name, row)}
            />
          ))}
        </Stack>
        <FormNotices
          world={world}
          says={says}
          progress={form.progress}
          isWaiting={form.isWaiting}
          isGone={form.isGone}
          onRetry={submit}
        />
      </Content>
      <Actions>
        <FormButtons {...props} isBusy={isBusy} isGone={form.isGone} isSaved={world.isSaved} />
      </Actions>
      {world.conflict && (
        <ConflictDialog
          conflict={world.conflict}
          labelOf={world.labelOf}
          textOf={world.textOf}
          texts={says.conflict}
          onResolve={world.resolve}
          onCancel={() => world.setConflict(null)}
        />
      )}
    </form>
  )
}
